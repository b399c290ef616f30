/** How answers of the server become outcomes, and what happens to a `done` that throws. */

import type { Msg } from "@nats-io/nats-core";
import { describe, expect, it } from "vitest";
import type { LaneSeq } from "../../src/base/index.ts";
import { openLane } from "../../src/journal/index.ts";
import { outcomeOf } from "../../src/journal/lane-appender.ts";
import { connectNats } from "../../src/nats/index.ts";
import { append, bytes } from "../contracts/journal-contract.ts";
import { startTestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

/** An answer as the client hands it over, as far as an outcome depends on it. */
function answer(body: string, code = 0): Msg {
  return { headers: code === 0 ? undefined : { code }, json: () => JSON.parse(body) } as unknown as Msg;
}

function error(errCode: number): string {
  return JSON.stringify({ error: { code: 400, err_code: errCode, description: "said so" } });
}

describe("the outcome of an append", () => {
  it.each([
    ["the direct successor", answer('{"stream":"S","seq":8}'), { kind: "committed", seq: 8 }],
    ["a wrong last sequence", answer(error(10_071)), { kind: "wrong-sequence" }],
    ["a wrong last sequence, said without it", answer(error(10_164)), { kind: "wrong-sequence" }],
    ["another error", answer(error(10_077)), { kind: "unknown", reason: "journal error 10077: said so" }],
    ["no responders", answer("", 503), { kind: "unknown", reason: "no stream answers for the lane" }],
    ["text that is not JSON", answer("+OK"), { kind: "unknown", reason: "the answer of the journal cannot be read" }],
    ["another sequence", answer('{"seq":9}'), { kind: "unknown", reason: "the journal stored a record after 7 as 9" }],
  ])("answered with %s", (_, message, outcome) => {
    expect(outcomeOf(message, 7 as LaneSeq)).toEqual(outcome);
  });
});

it("a `done` that throws surfaces, and the lane goes on", async () => {
  const nats = await startTestNats();
  const connection = await connectNats({ url: nats.url, name: "throws", log: silentLog });
  const journal = await openLane({ connection, stream: "STOCKGRID_LANE_throws_n_0" });
  const surfaced = await uncaughtWhile(() =>
    journal.append(bytes("r1"), 0 as LaneSeq, () => {
      throw new RangeError("from done");
    }),
  );
  expect(surfaced).toEqual(new RangeError("from done"));
  expect(await append(journal, bytes("r2"), 1)).toEqual({ kind: "committed", seq: 2 });
  await connection.close();
  await nats.stop();
});

/** The next uncaught exception of the process, kept from the test runner. */
async function uncaughtWhile(action: () => void): Promise<unknown> {
  const listeners = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  try {
    return await new Promise((resolve) => {
      process.once("uncaughtException", resolve);
      action();
    });
  } finally {
    for (const listener of listeners) process.on("uncaughtException", listener);
  }
}
