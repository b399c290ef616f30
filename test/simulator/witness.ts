/**
 * The witness reads what was committed and folds it with rules of its own, as plain as can be, checking each record on the
 * way. It is what every answer of a member is compared with.
 *
 * W1. Records decode, name their lane, follow one another by checksum, and writers only grow.
 * W2. Versions of a stock record and of a reservation grow by one, without gaps.
 * W3. The levels in an entry are the fold of the deltas.
 * W4. A hold never takes what is available below zero, and never exceeds what was asked.
 * W5. After every record, what reservations hold and have allocated is what the stock records say; and what a shard knows of a reservation of
 *     another shard is what the reservation says, since one member has both and changes them in one record.
 * W6. A hold ends once, never before its time, and nothing of it is confirmed or extended after its time.
 * W7. An idempotency key and a movement id lead to one effect.
 * W10, W11. Are in ledger-books.ts.
 */

import { type EpochMs, hash32, shardOfHash } from "../../src/base/index.ts";
import { checksumOf, decodeJournalRecord, type JournalRecord } from "../../src/codec/index.ts";
import {
  makesReservation,
  type ReservationChanged,
  type ReservationMade,
  skuHashOfReservationId,
} from "../../src/reservation/index.ts";
import type { Entry, Levels, MovementEntry, ParticipationEntry, StockEntry } from "../../src/shard/index.ts";
import { LedgerBooks } from "./ledger-books.ts";
import { mustHold } from "./violation.ts";
import type { SimLane } from "./world/index.ts";

export interface SeenLine {
  readonly pair: string;
  readonly sku: string;
  quantity: number;
  held: number;
  allocated: number;
  fulfilled: number;
}

export interface SeenReservation {
  readonly id: string;
  readonly reference: string | undefined;
  version: number;
  expiresAt: EpochMs;
  /** `opening` and `refused` are seen by nobody; see reservation.md, over several shards. */
  readonly stage: "opening" | "standing" | "refused";
  /** Some other shard may not have followed yet. */
  readonly unsettled: boolean;
  readonly lines: readonly SeenLine[];
}

/** Units of a pair in reservations. */
interface Promised {
  held: number;
  allocated: number;
}

export class Witness {
  readonly #lane: SimLane;
  readonly #name: string;
  readonly #shards: number;
  #seen = 0;
  #checksum = 0;
  #epoch = 0;
  /** Levels after each version of a record: version n at n - 1. */
  readonly records = new Map<string, Levels[]>();
  /** Every version of a reservation: version n at n - 1. */
  readonly reservations = new Map<string, SeenReservation[]>();
  /** Reservation ids by the reference of the request that made them. */
  readonly byReference = new Map<string, string[]>();
  readonly movements = new Map<string, MovementEntry>();
  readonly keys = new Map<string, string>();
  readonly ledgers = new LedgerBooks();
  /** By shard and id. */
  readonly #movementsIn = new Map<string, MovementEntry>();
  readonly #participations = new Map<string, ParticipationEntry>();
  readonly #promised = new Map<string, Promised>();
  /** Largest delay with which a hold ended, ms. */
  expiryLateMsMax = 0;
  expired = 0;

  constructor(lane: SimLane, name: string, shards: number) {
    this.#lane = lane;
    this.#name = name;
    this.#shards = shards;
  }

  /** Folds what was committed since the last call. */
  catchUp(): void {
    const records = this.#lane.everything();
    while (this.#seen < records.length) this.#record(records[this.#seen++] as Uint8Array);
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** The newest state of a reservation. */
  reservation(id: string): SeenReservation | undefined {
    return this.reservations.get(id)?.at(-1);
  }

  visibleVersion(id: string): number {
    return this.reservation(id)?.version ?? 0;
  }

  /** The newest levels of a pair. */
  levels(pair: string): Levels | undefined {
    return this.records.get(pair)?.at(-1);
  }

  #record(bytes: Uint8Array): void {
    const where = `record ${this.#seen}`;
    const record = decodeJournalRecord(bytes, where);
    this.#checkChain(record, where);
    this.#checksum = checksumOf(bytes);
    const touched = new Set<string>();
    for (const entry of record.entries) this.#entry(entry, touched, where);
    for (const pair of touched) this.#checkPromised(pair, where);
    for (const entry of record.entries) {
      if (entry.entry === "reservation") this.#checkParticipations(entry.event.id, where);
      if (entry.entry === "participation") this.#checkParticipations(entry.id, where);
    }
  }

  #checkChain(record: JournalRecord, where: string): void {
    mustHold(record.lane === this.#name, `W1: ${where} is of lane ${record.lane}`);
    mustHold(record.previous === this.#checksum, `W1: ${where} does not follow the one before`);
    const announces = record.entries.length === 0;
    const epochFits = announces ? record.epoch > this.#epoch : record.epoch === this.#epoch;
    mustHold(epochFits, `W1: ${where} is of writer ${record.epoch} after ${this.#epoch}`);
    this.#epoch = record.epoch;
  }

  #entry(entry: Entry, touched: Set<string>, where: string): void {
    switch (entry.entry) {
      case "stock":
        touched.add(pairOf(entry.event));
        return this.#stock(entry, where);
      case "reservation":
        if (makesReservation(entry.event)) this.#held(entry.event, touched, where);
        else this.#changed(entry.event, touched, where);
        return;
      case "key": {
        const name = `${entry.sku} ${entry.key}`;
        mustHold(!this.keys.has(name), `W7: ${where} uses key ${name} a second time`);
        this.keys.set(name, entry.reservation);
        return;
      }
      case "participation":
        return this.#participation(entry, where);
      case "movement":
        return this.#movement(entry, where);
      case "location":
      case "adopted":
      case "released":
      case "barrier":
        return;
    }
  }

  /** An id is recorded in the SKU's shard, and in the one of its hash when that is another; in the SKU's again when it no longer waits, or is voided. */
  #movement(entry: MovementEntry, where: string): void {
    const { id, shard, sku } = entry;
    const shards = [shardOfHash(hash32(sku ?? ""), this.#shards), shardOfHash(hash32(id), this.#shards)];
    const known = this.movements.get(id);
    const fits = known === undefined ? shard === shards[0] : shards.includes(shard as number as never);
    mustHold(fits, `W7: ${where} applies movement ${id} in shard ${shard} of ${shards}`);
    mustHold(known === undefined || known.version === entry.version, `W7: ${where} has two versions for movement ${id}`);
    const before = this.#movementsIn.get(`${shard} ${id}`);
    mustHold(before === undefined || isLater(entry, before), `W7: ${where} records movement ${id} once more`);
    this.#movementsIn.set(`${shard} ${id}`, entry);
    this.ledgers.movement(entry);
    if (entry.effect !== undefined || known === undefined) this.movements.set(id, entry);
  }

  #participation(entry: ParticipationEntry, where: string): void {
    const name = `${entry.shard} ${entry.id}`;
    const before = this.#participations.get(name)?.version ?? 0;
    mustHold(
      entry.version > before,
      `W2: ${where}: shard ${entry.shard} goes from version ${before} of ${entry.id} to ${entry.version}`,
    );
    this.#participations.set(name, entry);
  }

  #checkParticipations(id: string, where: string): void {
    const reservation = this.reservation(id);
    mustHold(reservation !== undefined, `W5: ${where} takes part in ${id}, which was never made`);
    const home = shardOfHash(skuHashOfReservationId(id) ?? 0, this.#shards);
    for (const line of reservation.lines) {
      const shard = shardOfHash(hash32(line.sku), this.#shards);
      if (shard === home) continue;
      const part = this.#participations.get(`${shard} ${id}`)?.lines.find((each) => pairOf(each) === line.pair);
      const same = part?.held === line.held && part.allocated === line.allocated && part.fulfilled === line.fulfilled;
      mustHold(
        same,
        `W5: after ${where} shard ${shard} knows ${JSON.stringify(part)} of ${id}, which says ${JSON.stringify(line)}`,
      );
    }
  }

  #stock({ event, after }: StockEntry, where: string): void {
    const pair = pairOf(event);
    const history = historyOf(this.records, pair);
    const before = history.at(-1) ?? NOTHING;
    mustHold(
      event.version === before.version + 1,
      `W2: ${where}: ${pair} goes from version ${before.version} to ${event.version}`,
    );
    const folded: Levels = {
      ...after,
      onHand: before.onHand + event.onHand,
      held: before.held + event.held,
      allocated: before.allocated + event.allocated,
      unavailable: before.unavailable + event.unavailable,
    };
    mustHold(sameLevels(folded, after), `W3: ${where}: ${pair} at version ${event.version} is not the fold of its deltas`);
    mustHold(event.kind !== "held" || free(after) >= 0, `W4: ${where}: ${pair} is oversold by a hold: ${JSON.stringify(after)}`);
    mustHold(after.held >= 0 && after.allocated >= 0, `W4: ${where}: ${pair} holds or has allocated less than nothing`);
    history.push(after);
    this.ledgers.event(event, pair);
  }

  #held(event: ReservationMade, touched: Set<string>, where: string): void {
    mustHold(!this.reservations.has(event.id), `W2: ${where} makes reservation ${event.id} a second time`);
    const lines = event.lines.map((line) => ({
      pair: pairOf(line),
      sku: line.sku,
      quantity: line.quantity,
      held: line.quantity,
      allocated: 0,
      fulfilled: 0,
    }));
    for (const [index, line] of event.lines.entries()) {
      mustHold(line.quantity <= line.requested, `W4: ${where}: line ${index} of ${event.id} holds more than was asked`);
    }
    this.reservations.set(event.id, [
      {
        id: event.id,
        reference: event.reference,
        version: 1,
        expiresAt: event.expiresAt,
        stage: "standing",
        unsettled: false,
        lines,
      },
    ]);
    if (event.reference !== undefined) historyOf(this.byReference, event.reference).push(event.id);
    for (const line of lines) this.#promise(line.pair, line.held, 0, touched);
  }

  #changed(event: ReservationChanged, touched: Set<string>, where: string): void {
    const before = this.reservation(event.id);
    mustHold(before !== undefined, `W2: ${where} changes reservation ${event.id}, which was never made`);
    mustHold(event.version === before.version + 1, `W2: ${where}: ${event.id} goes from ${before.version} to ${event.version}`);
    this.#checkTime(before, event, where);
    const lines = before.lines.map((line) => ({ ...line }));
    for (const change of event.changes) {
      const line = lines[change.line] as SeenLine;
      line.held += change.held;
      line.allocated += change.allocated;
      line.fulfilled += change.fulfilled;
      const { held, allocated, fulfilled, quantity } = line;
      const sound = held >= 0 && allocated >= 0 && fulfilled >= 0 && held + allocated + fulfilled <= quantity;
      mustHold(sound, `W5: ${where}: a line of ${event.id} is impossible: ${JSON.stringify(line)}`);
      this.#promise(line.pair, change.held, change.allocated, touched);
    }
    historyOf(this.reservations, event.id).push({ ...before, version: event.version, expiresAt: event.expiresAt, lines });
  }

  #checkTime(before: SeenReservation, event: ReservationChanged, where: string): void {
    const late = event.at - before.expiresAt;
    if (event.kind === "expired") {
      mustHold(late >= 0, `W6: ${where}: ${event.id} expires ${-late} ms before its time`);
      mustHold(
        before.lines.some((line) => line.held > 0),
        `W6: ${where}: ${event.id} expires with nothing held`,
      );
      this.expiryLateMsMax = Math.max(this.expiryLateMsMax, late);
      this.expired++;
      return;
    }
    const takesHeld = event.kind === "extended" || event.changes.some((change) => change.held < 0 && change.allocated > 0);
    mustHold(!takesHeld || late < 0, `W6: ${where}: ${event.id} is ${event.kind} ${late} ms after its hold has ended`);
  }

  #promise(pair: string, held: number, allocated: number, touched: Set<string>): void {
    const promised = this.#promised.get(pair) ?? { held: 0, allocated: 0 };
    promised.held += held;
    promised.allocated += allocated;
    this.#promised.set(pair, promised);
    touched.add(pair);
  }

  #checkPromised(pair: string, where: string): void {
    const { held, allocated } = this.#promised.get(pair) ?? { held: 0, allocated: 0 };
    const levels = this.levels(pair) ?? NOTHING;
    const equal = levels.held === held && levels.allocated === allocated;
    mustHold(
      equal,
      `W5: after ${where} reservations hold ${held} and have allocated ${allocated} of ${pair}, its record says ${levels.held} and ${levels.allocated}`,
    );
  }
}

export const NOTHING: Levels = {
  onHand: 0,
  held: 0,
  allocated: 0,
  unavailable: 0,
  inbound: 0,
  safetyStock: 0,
  version: 0,
  updatedAt: 0 as EpochMs,
};

export function pairOf({ sku, location }: { readonly sku: string; readonly location: string }): string {
  return `${sku} at ${location}`;
}

export function free(levels: Levels): number {
  return levels.onHand - levels.held - levels.allocated - levels.unavailable - levels.safetyStock;
}

export function sameLevels(a: Levels, b: Levels): boolean {
  return (
    a.onHand === b.onHand &&
    a.held === b.held &&
    a.allocated === b.allocated &&
    a.unavailable === b.unavailable &&
    a.inbound === b.inbound &&
    a.safetyStock === b.safetyStock &&
    a.version === b.version
  );
}

/** The same movement, and what it waited for is here, or it was undone. Neither is taken back. */
export function isLater({ effect }: MovementEntry, { effect: before }: MovementEntry): boolean {
  if (effect === undefined || before === undefined) return false;
  if (before.kind === "waiting") return effect.kind !== "waiting";
  return effect.kind === before.kind && effect.isVoided && !before.isVoided;
}

function historyOf<T>(histories: Map<string, T[]>, name: string): T[] {
  const history = histories.get(name) ?? [];
  histories.set(name, history);
  return history;
}
