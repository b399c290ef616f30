/** The schemas of every body, the one source of types, checks and documentation. */
export * from "./alias.ts";
export * from "./cluster.ts";
export * from "./common.ts";
export * from "./ingest.ts";
export * from "./location.ts";
export * from "./movement.ts";
export * from "./problem.ts";
export * from "./reservation.ts";
export * from "./stock.ts";
