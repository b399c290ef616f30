/** The connection to NATS that the journal, the feed and the NATS front end are given. */
export { type ConnectNats, connectNats } from "./connect-nats.ts";
export { connectionOptions, UnusableCredentials } from "./connection-options.ts";
export { type NatsAuth, type NatsOptions, type NatsSettings, type NatsTls, natsOptions } from "./nats-options.ts";
