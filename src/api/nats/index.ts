/** The NATS front end: a micro service that answers requests about stock and reservations. */
export type { ClusterMap, ClusterOptions } from "./cluster.ts";
export type { Observe } from "./desk.ts";
export {
  NATS_ITEMS_IN_FLIGHT_MAX,
  NATS_SERVICE_NAME,
  type NatsService,
  type NatsServiceOptions,
  startNatsService,
} from "./service.ts";
