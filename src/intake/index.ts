/** The way of an event from an edge into the grid. */
export { readEnvelope } from "./envelope.ts";
export { type Arrival, type EventName, Intake, type IntakeOptions, type Outcome } from "./intake.ts";
