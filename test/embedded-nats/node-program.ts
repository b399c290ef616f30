/** A program for the tests: starts the embedded server of the folder it is given, says so, and lives until it is ended. */
import { startEmbeddedNats } from "../../src/embedded-nats/index.ts";

const quiet = (): undefined => undefined;
// Before anything is told: the test sends its signal as soon as it has read the line.
process.on("SIGTERM", () => process.exit(0));
const server = await startEmbeddedNats({ dataDir: process.argv[2] ?? "", log: { info: quiet, warn: quiet, error: quiet } });
process.stdout.write(`${JSON.stringify({ url: server.url, natsPid: server.pid })}\n`);
setInterval(quiet, 60_000);
