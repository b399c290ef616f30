/**
 * Drift: units that come and go without a record of it. Incidents arrive by a Poisson law, each takes (or brings back) a
 * geometric number of units; a loss may also be a sweep, which takes all there is.
 *
 * With one unit an incident and no sweep this is the Poisson loss of DeHoratius, Mersereau and Schrage (2008). Larger incidents
 * and sweeps give the long tail that raids and misplaced boxes have: without it a full shelf could never be believed empty,
 * however long it sells nothing.
 */

export interface Incidents {
  /** Expected incidents in the interval (theta), 0 or more; more than {@link INCIDENTS_MAX} is read as that. */
  readonly rate: number;
  /** Mean units of an incident, 1 or more; more than {@link INCIDENT_UNITS_MAX} is read as that. */
  readonly units: number;
  /** Share of incidents that take everything, 0 to 1. Absent: none. Nothing to finds. */
  readonly sweep?: number | undefined;
}

/** Losses and finds of one interval. */
export interface Drift {
  readonly lost: Incidents;
  readonly found: Incidents;
}

export const NO_INCIDENTS: Incidents = { rate: 0, units: 1 };
export const NO_DRIFT: Drift = { lost: NO_INCIDENTS, found: NO_INCIDENTS };
export const INCIDENTS_MAX = 32;
export const INCIDENT_UNITS_MAX = 64;

/** Poisson loss of mean `theta` units and nothing found: the plain model. */
export function plainLoss(theta: number): Drift {
  return { lost: { rate: theta, units: 1 }, found: NO_INCIDENTS };
}

/** The drift of an interval of `days` when `drift` is that of a day. */
export function driftOver(drift: Drift, days: number): Drift {
  return { lost: over(drift.lost, days), found: over(drift.found, days) };
}

function over(incidents: Incidents, days: number): Incidents {
  return { ...incidents, rate: incidents.rate * days };
}

/** The rate within its bounds; what is no number is none. */
export function rateOf({ rate }: Incidents): number {
  return rate > 0 ? Math.min(rate, INCIDENTS_MAX) : 0;
}

/** Probability that an incident which took a unit takes one more: 0 for single units, below 1. */
export function moreOf({ units }: Incidents): number {
  return units > 1 ? 1 - 1 / Math.min(units, INCIDENT_UNITS_MAX) : 0;
}

export function sweepOf({ sweep = 0 }: Incidents): number {
  return sweep > 0 ? Math.min(1, sweep) : 0;
}
