/** The front ends, HTTP and NATS, over one contract. */
export { type ClusterAdmin, parseMovement } from "./contract/index.ts";
export * from "./http/index.ts";
export * from "./nats/index.ts";
