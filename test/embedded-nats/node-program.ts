/** A program for the tests: starts the embedded server of the folder it is given, says so, and lives until it is ended. */
import { startEmbeddedNats } from "../../src/embedded-nats/index.ts";

const quiet = (): undefined => undefined;
const server = await startEmbeddedNats({ dataDir: process.argv[2] ?? "", log: { info: quiet, warn: quiet, error: quiet } });
process.stdout.write(`${JSON.stringify({ url: server.url, natsPid: server.pid })}\n`);
process.on("SIGTERM", () => process.exit(0));
setInterval(quiet, 60_000);
