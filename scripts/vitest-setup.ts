/**
 * Runs once before all tests: finds or fetches the nats-server, so that test processes side by side do not each fetch one.
 * When none can be had it says why; the tests that need one then fail with the same message.
 */
import { findNatsServer } from "../src/embedded-nats/index.ts";

export default async function setup(): Promise<void> {
  const log = { info: report, warn: report, error: report };
  try {
    process.env["STOCKGRID_NATS_SERVER"] = await findNatsServer({ log });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
}

function report(fields: object, message: string): void {
  console.error(message, fields);
}
