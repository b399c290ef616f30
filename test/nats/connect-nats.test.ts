import { afterEach, beforeEach, expect, it } from "vitest";
import { connectNats } from "../../src/nats/index.ts";
import type { Log } from "../../src/ports/index.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

let nats: TestNats;

beforeEach(async () => {
  nats = await startTestNats();
});

afterEach(async () => {
  await nats.stop();
});

it("waits for a server that is not there yet", async () => {
  await nats.kill();
  const connecting = connectNats({ url: nats.url, name: "early", log: silentLog });
  await nats.restart();
  const connection = await connecting;
  expect(connection.isClosed()).toBe(false);
  await connection.close();
});

it("comes back by itself and says so in the log", async () => {
  const lines: string[] = [];
  const keep = (_: object, message: string): void => {
    lines.push(message);
  };
  const log: Log = { info: keep, warn: keep, error: keep };
  const connection = await connectNats({ url: `nats://127.0.0.1:1, ${nats.url}`, name: "back", log });
  await nats.kill();
  await expect.poll(() => lines).toContain("NATS connection lost");
  await nats.restart();
  await expect.poll(() => lines).toContain("NATS connection is back");
  await connection.flush();
  await connection.close();
});
