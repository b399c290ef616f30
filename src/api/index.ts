/** The front ends, HTTP and NATS, over one contract. */
export * from "./http/index.ts";
export * from "./nats/index.ts";
