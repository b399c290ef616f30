/** How the toy reads and writes lanes: announcing, sealing, replaying the chain of adoptions. */

import type { LaneSeq, ShardOrigin } from "../../../src/base/index.ts";
import { checksumOf, decodeJournalRecord, encodeJournalRecord } from "../../../src/codec/index.ts";
import type { AppendOutcome, Journal, Lanes } from "../../../src/ports/index.ts";
import type { Entry } from "../../../src/shard/index.ts";
import type { ClusterPorts } from "../world/index.ts";

/** The newest record of a lane as its writer knows it. */
export interface Tip {
  readonly writer: number;
  readonly seq: LaneSeq;
  readonly checksum: number;
}

export async function tipOf(journal: Journal): Promise<Tip> {
  const { last } = await journal.bounds();
  if (last === 0) return { writer: 0, seq: last, checksum: 0 };
  const bytes = (await journal.read(last)) as Uint8Array;
  return { writer: decodeJournalRecord(bytes, "tip").epoch, seq: last, checksum: checksumOf(bytes) };
}

/** Appends behind the tip; rejects unless it is known to be committed. */
export async function appendBehind(
  { clock }: ClusterPorts,
  journal: Journal,
  lane: string,
  tip: Tip,
  entries: readonly Entry[],
): Promise<Tip> {
  const writer = entries.length === 0 ? tip.writer + 1 : tip.writer;
  const bytes = encodeJournalRecord({ lane, epoch: writer, previous: tip.checksum, at: clock.now(), entries });
  const outcome = await new Promise<AppendOutcome>((done) => journal.append(bytes, tip.seq, done));
  if (outcome.kind !== "committed") throw new Error(`append to ${lane}: ${outcome.kind}`);
  return { writer, seq: outcome.seq, checksum: checksumOf(bytes) };
}

/** Makes sure the lane has a newer writer; returns its tip. */
export async function sealLane(ports: ClusterPorts, lane: string, writer: number): Promise<Tip> {
  const journal = await ports.lanes.open(lane);
  const tip = await tipOf(journal);
  return tip.writer > writer ? tip : appendBehind(ports, journal, lane, tip, []);
}

/** Everything that leads to a place, oldest first: over the adoptions, back to the beginning. */
export async function historyOf(lanes: Lanes, origin: ShardOrigin): Promise<Entry[]> {
  if (origin.kind !== "place" || origin.seq === 0) return [];
  const journal = await lanes.open(origin.lane);
  const entries: Entry[] = [];
  await journal.replay(1 as LaneSeq, origin.seq, (seq, bytes) => {
    entries.push(...decodeJournalRecord(bytes, `record ${seq} of ${origin.lane}`).entries);
  });
  const begins = entries.findLastIndex((entry) => entry.entry === "adopted");
  const adoption = entries[begins];
  if (adoption?.entry !== "adopted") throw new Error(`${origin.lane} adopted nothing`);
  return [...(await historyOf(lanes, adoption.origin)), ...entries.slice(begins)];
}

/** Whether the lane adopted with that epoch up to a place. */
export async function hasAdopted(lanes: Lanes, { lane, seq }: { lane: string; seq: LaneSeq }, epoch: number): Promise<boolean> {
  const journal = await lanes.open(lane);
  let found = false;
  await journal.replay(1 as LaneSeq, seq, (at, bytes) => {
    for (const entry of decodeJournalRecord(bytes, `record ${at} of ${lane}`).entries) {
      found ||= entry.entry === "adopted" && entry.epoch === epoch;
    }
  });
  return found;
}
