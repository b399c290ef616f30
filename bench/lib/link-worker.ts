/** The owner of all shards in a thread of its own: answers every hold at once, over a port or over NATS. */

import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { EpochMs } from "../../src/base/index.ts";
import { NatsLinks, ThreadLinks } from "../../src/links/index.ts";
import type { ReserveResult } from "../../src/member/index.ts";
import { connectNats } from "../../src/nats/index.ts";
import { formatReservationId } from "../../src/reservation/index.ts";
import { type BenchLinks, benchRouter, quietLog } from "./link-router.ts";

export interface LinkWorkerData {
  readonly lane: string;
  readonly natsUrl: string | undefined;
}

const { lane, natsUrl } = workerData as LinkWorkerData;

function answer(done: (result: ReserveResult) => void, sku: string, location: string): void {
  const at = 1_700_000_000_000 as EpochMs;
  const line = { sku, location, requested: 1, quantity: 1, held: 1, allocated: 0, fulfilled: 0 };
  const reservation = {
    id: formatReservationId(at, 1, 1),
    version: 1,
    lines: [line],
    mode: "all",
    createdAt: at,
    expiresAt: at,
    updatedAt: at,
    lastTransition: "held",
    reference: undefined,
    channel: undefined,
  };
  setImmediate(() => done({ kind: "reserved", reservation, repeated: false } as unknown as ReserveResult));
}

async function openLinks(): Promise<BenchLinks> {
  if (natsUrl !== undefined) return new NatsLinks(await connectNats({ url: natsUrl, name: lane, log: quietLog }), lane);
  const links = new ThreadLinks(lane);
  parentPort?.on("message", ({ peer, port }: { peer: string; port: MessagePort }) => links.connect(peer, port));
  return links;
}

const links = await openLinks();
benchRouter(lane, links, () => lane, {
  serves: () => true,
  reserve: ({ lines }, done) => answer(done, lines[0]?.sku ?? "", lines[0]?.location ?? ""),
});
if (links instanceof NatsLinks) await links.ready();
parentPort?.postMessage("ready");
