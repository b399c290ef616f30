/**
 * The core in this process, one event loop, no I/O: deciding a hold of one unit, evolving reservation and record, and
 * encoding the journal record of the batch. Then the same through the whole member, with a journal that commits at once.
 */

import { type EpochMs, hash32, type LaneSeq, type LocationId, type Sku } from "../src/base/index.ts";
import { checksumOf, encodeJournalRecord } from "../src/codec/index.ts";
import type { Member, Reserve } from "../src/member/index.ts";
import type { Journal, SnapshotStore } from "../src/ports/index.ts";
import { createReservation, formatReservationId, type Reservation, type ReservationHeld } from "../src/reservation/index.ts";
import type { Entry } from "../src/shard/index.ts";
import { emptyRecord, evolve, followReservation, holdable, type StockRecord } from "../src/stock/index.ts";
import { soloMember } from "../test/support/solo-member.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { formatSpread, type Spread, spreadOf } from "./lib/statistics.ts";

export interface CoreResult {
  /** Decide, evolve and encode alone. */
  readonly pure: Spread;
  /** The same through the member: turns, cells, timers, group commit, answers. */
  readonly member: Spread;
  readonly batch: number;
}

const SKUS = 10_000;
const LOCATION = "BENCH" as LocationId;
const STOCK = 2_000_000_000;
const TTL_MS = 900_000;
/** Reservations in one journal record: what arrives at about 256 connections while a commit is under way. */
const BATCH = 128;
const REACH = 1_000_000;
const MS_PER_SECOND = 1000;

export const section: Section<CoreResult> = { name: "core", title: "The core in process", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<CoreResult> {
  const rounds = quick ? 2 : 5;
  const operations = quick ? 300_000 : 2_000_000;
  pureRound(operations);
  const pure = spreadOf(Array.from({ length: rounds }, () => pureRound(operations)));
  log(`   decide + evolve + encode: ${formatSpread(pure)}/s`);
  await memberRound(operations / 4);
  const speeds: number[] = [];
  for (let round = 0; round < rounds; round++) speeds.push(await memberRound(operations / 4));
  const member = spreadOf(speeds);
  log(`   through the member: ${formatSpread(member)}/s`);
  return { pure, member, batch: BATCH };
}

const skus = Array.from({ length: SKUS }, (_, index) => `BENCH-${index}` as Sku);

/** Reservations a second. */
function pureRound(operations: number): number {
  const records = skus.map((sku): StockRecord => ({ ...emptyRecord(sku, LOCATION), onHand: STOCK }));
  const startedAt = performance.now();
  let checksum = 0;
  for (let done = 0; done < operations; done += BATCH) checksum = pureBatch(records, done, checksum);
  return (operations * MS_PER_SECOND) / (performance.now() - startedAt);
}

/** One record; returns its checksum, on which the next one builds. */
function pureBatch(records: StockRecord[], from: number, previous: number): number {
  const at = Date.now() as EpochMs;
  const entries: Entry[] = [];
  for (let i = from; i < from + BATCH; i++) holdOne(records, i, at, entries);
  return checksumOf(encodeJournalRecord({ lane: "bench", epoch: 1, previous, at, entries }));
}

function holdOne(records: StockRecord[], i: number, at: EpochMs, entries: Entry[]): Reservation {
  const before = records[i % SKUS] as StockRecord;
  if (holdable(before) < 1) throw new Error("the benchmark ran out of stock");
  const { sku, location } = before;
  const id = formatReservationId(at, i, hash32(sku));
  const lines = [{ sku, location, requested: 1, quantity: 1 }];
  const expiresAt = (at + TTL_MS) as EpochMs;
  const event: ReservationHeld = {
    kind: "held",
    id,
    version: 1,
    at,
    expiresAt,
    mode: "all",
    lines,
    reference: undefined,
    channel: undefined,
  };
  const held = followReservation(before, "held", { held: 1, allocated: 0, fulfilled: 0 }, id, at);
  const after = evolve(before, held);
  records[i % SKUS] = after;
  entries.push({ entry: "reservation", event }, { entry: "stock", event: held, after });
  return createReservation(event);
}

/** Commits at once, keeps nothing. */
class NullJournal implements Journal {
  #last = 0;
  #newest: Uint8Array | undefined;
  async bounds(): ReturnType<Journal["bounds"]> {
    return { first: 1 as LaneSeq, last: this.#last as LaneSeq };
  }
  append(record: Uint8Array, expectedLast: LaneSeq, done: Parameters<Journal["append"]>[2]): void {
    this.#last = expectedLast + 1;
    this.#newest = record;
    setImmediate(() => done({ kind: "committed", seq: this.#last as LaneSeq }));
  }
  async read(): Promise<Uint8Array | undefined> {
    return this.#newest;
  }
  async replay(_from: LaneSeq, to: LaneSeq, onRecord: Parameters<Journal["replay"]>[2]): Promise<void> {
    onRecord(to, this.#newest as Uint8Array);
  }
  async trim(): Promise<void> {
    // Nothing is kept.
  }
  async close(): Promise<void> {
    // Nothing is open.
  }
}

const NULL_STORE: SnapshotStore = {
  mark: () => undefined,
  get: () => undefined,
  scan: () => [],
  count: () => 0,
  begin: () => ({
    put: () => undefined,
    delete: () => undefined,
    commit: (_mark, done) => setImmediate(done),
    abandon: () => undefined,
  }),
  close: async () => undefined,
};

async function startMember(): Promise<Member> {
  const quiet = (): void => undefined;
  const member = soloMember({
    lane: "bench",
    shards: 256,
    ports: {
      clock: {
        now: () => Date.now() as EpochMs,
        after: (delayMs, callback) => {
          const timer = setTimeout(callback, delayMs);
          return () => clearTimeout(timer);
        },
        soon: (callback) => setImmediate(callback),
      },
      random: { uint32: () => Math.trunc(Math.random() * 2 ** 32) },
      journal: new NullJournal(),
      store: NULL_STORE,
      log: { info: quiet, warn: quiet, error: quiet },
    },
  });
  await member.start();
  await fill(member);
  return member;
}

function fill(member: Member): Promise<void> {
  return new Promise((resolve) => {
    let left = skus.length + 1;
    const done = (): void => {
      if (--left === 0) resolve();
    };
    member.locations.put({ id: LOCATION, type: "dc", name: "Benchmark" }, done);
    for (const sku of skus) member.move({ id: `in-${sku}`, type: "receipt", sku, location: LOCATION, quantity: STOCK }, done);
  });
}

/** Reservations a second, `BATCH` a turn. */
async function memberRound(operations: number): Promise<number> {
  const member = await startMember();
  const commands = skus.map(
    (sku): Reserve => ({ lines: [{ sku, location: LOCATION, quantity: 1 }], mode: "all", ttlMs: TTL_MS }),
  );
  const startedAt = performance.now();
  for (let done = 0; done < operations; done += BATCH) await memberBatch(member, commands, done);
  const perSecond = (operations * MS_PER_SECOND) / (performance.now() - startedAt);
  await member.stop();
  return perSecond;
}

function memberBatch(member: Member, commands: readonly Reserve[], from: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = BATCH;
    for (let i = from; i < from + BATCH; i++) {
      member.reserve(commands[i % SKUS] as Reserve, (result) => {
        if (result.kind !== "reserved") reject(new Error(`a hold was answered with ${result.kind}`));
        else if (--left === 0) resolve();
      });
    }
  });
}

function verdicts({ pure, member }: CoreResult): Verdict[] {
  return [
    {
      what: "decide + evolve + encode, in process",
      reach: "1,000,000/s on one core",
      measured: `${formatSpread(pure)}/s`,
      reached: pure.median >= REACH,
    },
    {
      what: "the same through the member with a journal that commits at once",
      reach: "-",
      measured: `${formatSpread(member)}/s`,
      reached: undefined,
    },
  ];
}

await runWhenMain(section, import.meta.main);
