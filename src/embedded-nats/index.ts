/** A nats-server of our own: finding the binary, and running it beside the node on loopback. */
export { DataFolderBusy } from "./data-lock.ts";
export { type EmbeddedNats, EmbeddedNatsFailed, type EmbeddedNatsOptions, startEmbeddedNats } from "./embedded-nats.ts";
export { type FindOptions, findNatsServer, NatsServerMissing } from "./find-nats-server.ts";
export { processIdentity } from "./process-identity.ts";
