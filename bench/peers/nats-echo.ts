/** Peer (b): a plain subscription that answers every request with its own bytes. Argument: the NATS URL. */

import { connect } from "@nats-io/transport-node";

export const ECHO_SUBJECT = "bench.echo";

const connection = await connect({ servers: process.argv[2] ?? "" });
connection.subscribe(ECHO_SUBJECT, {
  callback: (error, message) => {
    if (error) throw error;
    message.respond(message.data);
  },
});
await connection.flush();
process.on("disconnect", () => process.exit(0));
process.once("SIGTERM", () => process.exit(0));
process.send?.({ subject: ECHO_SUBJECT });
