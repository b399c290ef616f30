/** Reservations by the thousand over NATS, for benchmarks that need many of them to be there. */

import { type ReservationLoad, type RunResult, reservationBody, runLoad } from "../../src/loadgen/index.ts";
import type { RunningGrid } from "./grid-process.ts";
import { NatsTarget } from "./nats-load.ts";

const ARRAYS_UNDER_WAY = 8;
const SECONDS_MAX = 600;
export const CREATE_SUBJECT = "stockgrid.v1.reservations.create";
const PROBLEM_MARK = Buffer.from('"urn:stockgrid:problem:');

/** JSON arrays of `items` reservations that together go over all SKUs of the load. */
export function arraysOf(load: ReservationLoad, items: number): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  return Array.from({ length: Math.ceil(load.skus / items) }, (_, message) => {
    const bodies = Array.from({ length: items }, (_item, offset) => reservationBody(load, message * items + offset));
    return encoder.encode(items === 1 ? (bodies[0] as string) : `[${bodies.join(",")}]`);
  });
}

/** A reply to an array is good when none of its items is a problem. */
export function hasProblem(reply: Uint8Array): boolean {
  return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).includes(PROBLEM_MARK);
}

/** Makes `count` reservations (a multiple of `items`) as fast as the grid takes them. Rejects when one is refused. */
export async function reserveMany(grid: RunningGrid, load: ReservationLoad, count: number, items: number): Promise<void> {
  const payloads = arraysOf(load, items);
  const messages = count / items;
  const enough = new AbortController();
  let sent = 0;
  const target = await NatsTarget.open({
    url: grid.natsUrl,
    subject: CREATE_SUBJECT,
    window: ARRAYS_UNDER_WAY,
    payload: (index) => payloads[index % payloads.length] as Uint8Array,
    judge: ({ data }) => (hasProblem(data) ? "failed" : "accepted"),
  });
  const limited = {
    ready: () => sent < messages && target.ready(),
    start: (...args: Parameters<NatsTarget["start"]>) => {
      if (++sent === messages) enough.abort();
      target.start(...args);
    },
    onReady: () => target.onReady(),
    close: () => target.close(),
  };
  const pace = { kind: "closed", window: ARRAYS_UNDER_WAY } as const;
  const result = await runLoad({ target: limited, pace, seconds: SECONDS_MAX, signal: enough.signal });
  await target.close();
  assertAllAccepted(result);
}

function assertAllAccepted({ counts, offered, unanswered }: RunResult): void {
  if (counts.accepted !== offered) {
    throw new Error(
      `of ${offered} arrays ${counts.accepted} were accepted, ${counts.refused} refused, ${counts.failed} failed, ${unanswered} not answered`,
    );
  }
}
