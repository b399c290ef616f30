/** A program for the test of the bootstrap: prints what it was started with, then ends as it is told. */
const args = process.argv.slice(2);
process.exitCode = Number(args.find((each) => each.startsWith("--exit="))?.split("=")[1] ?? 0);
// The signal may come as soon as something is printed, so its handler is there first.
if (args.includes("--wait")) {
  process.on("SIGTERM", () => process.exit(42));
  setInterval(() => undefined, 60_000);
}
process.stdout.write(`${JSON.stringify({ version: process.version, args })}\n`);
