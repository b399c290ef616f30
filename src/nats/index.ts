/** The connection to NATS that the journal, the feed and the NATS front end are given. */
export { connectNats } from "./connect-nats.ts";
