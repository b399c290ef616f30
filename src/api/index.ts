/** The front ends, HTTP and NATS, over one contract. */
export { NATS_SERVICE_NAME, type NatsService, type NatsServiceOptions, startNatsService } from "./nats/index.ts";
