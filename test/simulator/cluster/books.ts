/**
 * What the entries of all lanes say, folded with rules of its own, as plain as can be. Fed in the order in which records were committed.
 *
 * W2. Versions of a stock record and of a reservation grow by one, without gaps.
 * W3. The levels in an entry are the fold of the deltas.
 * W4. A hold never takes what is available below zero, and never exceeds what was asked.
 * W5. What a reservation has of a stock record, by the events of the record, is what its line says: after every record for the lines in the shard of the
 *     reservation itself, and for all others whenever the reservation counts as settled. A participation says the same.
 * W6. A hold ends once, never before its time, and nothing of it is confirmed or extended after its time.
 * W7. An idempotency key and a movement id lead to one effect.
 * W10, W11. Are in ../ledger-books.ts.
 */

import { hash32, type ShardId, shardOfHash } from "../../../src/base/index.ts";
import {
  type ReservationChanged,
  type ReservationEvent,
  type ReservationMade,
  skuHashOfReservationId,
} from "../../../src/reservation/index.ts";
import type { Entry, KeyEntry, Levels, MovementEntry, ParticipationEntry, StockEntry } from "../../../src/shard/index.ts";
import { causeOf } from "../../../src/stock/index.ts";
import { LedgerBooks } from "../ledger-books.ts";
import { mustHold } from "../violation.ts";
import { free, NOTHING, pairOf, type SeenLine, type SeenReservation, sameLevels } from "../witness.ts";

/** Units of one record that one reservation has, by the events of the record. */
export interface Taken {
  held: number;
  allocated: number;
  fulfilled: number;
}

const NOTHING_TAKEN: Readonly<Taken> = { held: 0, allocated: 0, fulfilled: 0 };

export class Books {
  readonly #shards: number;
  /** Levels after each version of a record: version n at n - 1. */
  readonly records = new Map<string, Levels[]>();
  /** Every version of a reservation: version n at n - 1. */
  readonly reservations = new Map<string, SeenReservation[]>();
  /** Reservations that stand or stood, by the reference of the request that made them. */
  readonly byReference = new Map<string, string[]>();
  /** Movements that were applied. */
  readonly movements = new Map<string, MovementEntry>();
  readonly ledgers = new LedgerBooks();
  readonly keys = new Map<string, string>();
  readonly participations = new Map<string, ParticipationEntry>();
  readonly #taken = new Map<string, Taken>();
  readonly #movedIn = new Map<string, string>();
  /** Reservations touched by the record that is being folded, and since the last look at what is settled. */
  readonly #inRecord = new Set<string>();
  readonly #sinceLook = new Set<string>();
  /** Participations that the record which is being folded has changed: the last of each is what counts. */
  readonly #toCompare = new Set<string>();
  /** Largest delay with which a hold ended, ms. */
  expiryLateMsMax = 0;
  expired = 0;
  events = 0;

  constructor(shards: number) {
    this.#shards = shards;
  }

  /** The newest state of a reservation. */
  reservation(id: string): SeenReservation | undefined {
    return this.reservations.get(id)?.at(-1);
  }

  /** The newest version that callers may see; 0 while or when it is none of their business. */
  visibleVersion(id: string): number {
    const newest = this.reservation(id);
    return newest?.stage === "standing" ? newest.version : 0;
  }

  levels(pair: string): Levels | undefined {
    return this.records.get(pair)?.at(-1);
  }

  /** Shard of an entry; undefined for one that belongs to none. */
  shardOf(entry: Entry): ShardId | undefined {
    switch (entry.entry) {
      case "stock":
        return this.#shardOfSku(entry.event.sku);
      case "reservation":
        return this.#homeOf(entry.event.id);
      case "key":
        return this.#shardOfSku(entry.sku);
      case "movement":
        return entry.shard ?? this.#shardOfSku(entry.id);
      case "participation":
        return entry.shard;
      default:
        return undefined;
    }
  }

  fold(entry: Entry, where: string): void {
    if (entry.entry === "stock") this.#stock(entry, where);
    else if (entry.entry === "reservation") this.#reservation(entry.event, where);
    else if (entry.entry === "key") this.#key(entry, where);
    else if (entry.entry === "movement") this.#movement(entry, where);
    else if (entry.entry === "participation") this.#participation(entry, where);
  }

  /** The record is folded whole. */
  endRecord(where: string): void {
    for (const id of this.#inRecord) {
      this.#sinceLook.add(id);
      const home = this.#homeOf(id);
      this.#compareLines(id, where, (pair) => this.#shardOfSku(skuOf(pair)) === home);
    }
    this.#inRecord.clear();
  }

  /** Everything committed is folded. */
  look(): void {
    for (const id of this.#sinceLook) {
      const { unsettled, stage } = this.reservation(id) as SeenReservation;
      if (!unsettled && stage !== "opening") this.#compareLines(id, "the last record, settled", () => true);
    }
    this.#sinceLook.clear();
  }

  /** All faults have ended long ago: nothing is on its way any more. */
  atRest(): void {
    const promised = new Map<string, Taken>();
    for (const [id, history] of this.reservations) {
      const { stage, unsettled, lines } = history.at(-1) as SeenReservation;
      mustHold(stage !== "opening", `W5: at rest ${id} is still being opened`);
      mustHold(!unsettled, `W5: at rest ${id} is not settled`);
      this.#compareLines(id, "everything came to rest", () => true);
      for (const line of lines) addTo(promised, line.pair, line);
    }
    for (const [pair, history] of this.records) {
      const { held, allocated } = history.at(-1) as Levels;
      const sum = promised.get(pair) ?? NOTHING_TAKEN;
      mustHold(
        held === sum.held && allocated === sum.allocated,
        `W5: at rest ${pair} has ${held} held and ${allocated} allocated, reservations ${sum.held} and ${sum.allocated}`,
      );
    }
    for (const each of this.participations.values()) this.#participationAgrees(each, "everything came to rest");
  }

  #shardOfSku(sku: string): ShardId {
    return shardOfHash(hash32(sku), this.#shards);
  }

  #homeOf(id: string): ShardId {
    return shardOfHash(skuHashOfReservationId(id) ?? 0, this.#shards);
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
    this.events++;
    if (causeOf(event.kind) === "reservation") this.#take(event.cause, pair, event, where);
    else this.#moved(event, pair, where);
  }

  #take(id: string, pair: string, event: StockEntry["event"], where: string): void {
    mustHold(this.reservations.has(id), `W5: ${where}: ${pair} follows reservation ${id}, which was never made`);
    const taken = addTo(this.#taken, `${id} ${pair}`, {
      held: event.held,
      allocated: event.allocated,
      fulfilled: 0 - event.onHand,
    });
    const sound = taken.held >= 0 && taken.allocated >= 0 && taken.fulfilled >= 0;
    mustHold(sound, `W5: ${where}: ${id} has less than nothing of ${pair}: ${JSON.stringify(taken)}`);
    this.#inRecord.add(id);
  }

  #moved(event: StockEntry["event"], pair: string, where: string): void {
    mustHold(event.held === 0 && event.allocated === 0, `W5: ${where}: movement ${event.cause} changes what is held of ${pair}`);
    if (event.kind === "void-pending" || event.kind === "return-pending") return;
    const before = this.#movedIn.get(event.cause) ?? where;
    mustHold(before === where, `W7: ${where} applies movement ${event.cause}, which was applied in ${before}`);
    this.#movedIn.set(event.cause, where);
  }

  #reservation(event: ReservationEvent, where: string): void {
    this.#inRecord.add(event.id);
    if (event.kind === "held" || event.kind === "opened") this.#made(event, where);
    else this.#changed(event, where);
  }

  #made(event: ReservationMade, where: string): void {
    mustHold(!this.reservations.has(event.id), `W2: ${where} makes reservation ${event.id} a second time`);
    const { id, reference, expiresAt } = event;
    const lines = event.lines.map((line) => ({
      pair: pairOf(line),
      sku: line.sku,
      quantity: line.quantity,
      ...{ held: line.quantity, allocated: 0, fulfilled: 0 },
    }));
    for (const [index, line] of event.lines.entries()) {
      mustHold(line.quantity <= line.requested, `W4: ${where}: line ${index} of ${event.id} holds more than was asked`);
    }
    const opening = event.kind === "opened";
    const stage = opening ? ("opening" as const) : ("standing" as const);
    this.reservations.set(id, [{ id, reference, version: 1, expiresAt, stage, unsettled: opening, lines }]);
    if (!opening && reference !== undefined) historyOf(this.byReference, reference).push(id);
  }

  #changed(event: ReservationChanged, where: string): void {
    const { id, kind, version, expiresAt } = event;
    const before = this.reservation(id);
    mustHold(before !== undefined, `W2: ${where} changes reservation ${id}, which was never made`);
    mustHold(version === before.version + 1, `W2: ${where}: ${id} goes from ${before.version} to ${version}`);
    mustHold(fitsStage(kind, before.stage), `W2: ${where}: ${id} is ${kind} while ${before.stage}`);
    this.#checkTime(before, event, where);
    const lines = linesAfter(before, event, kind, where);
    const stage = stageAfter(kind, before.stage);
    const unsettled = kind === "extended" ? before.unsettled : (event.unsettled ?? false);
    historyOf(this.reservations, id).push({ ...before, version, expiresAt, stage, unsettled, lines });
    if (kind === "granted" && before.reference !== undefined) historyOf(this.byReference, before.reference).push(id);
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

  /** The key of a reservation that was refused is free again. */
  #key({ sku, key, reservation }: KeyEntry, where: string): void {
    const name = `${sku} ${key}`;
    const before = this.keys.get(name);
    const isFree = before === undefined || this.reservation(before)?.stage === "refused";
    mustHold(isFree, `W7: ${where} uses key ${name} a second time`);
    this.keys.set(name, reservation);
  }

  /** Versions below 1 claim an id or give it back. */
  #movement(entry: MovementEntry, where: string): void {
    if (entry.version < 1) return;
    this.ledgers.movement(entry);
    const before = this.movements.get(entry.id);
    mustHold(before === undefined || before.version === entry.version, `W7: ${where} applies movement ${entry.id} a second time`);
    this.movements.set(entry.id, entry);
  }

  #participation(entry: ParticipationEntry, where: string): void {
    const name = `${entry.shard} ${entry.id}`;
    const before = this.participations.get(name);
    mustHold(
      (before?.version ?? 0) < entry.version,
      `W2: ${where}: participation of shard ${entry.shard} in ${entry.id} goes back to ${entry.version}`,
    );
    mustHold(
      this.#homeOf(entry.id) !== entry.shard,
      `W5: ${where}: shard ${entry.shard} takes part in its own reservation ${entry.id}`,
    );
    const newest = this.reservation(entry.id);
    mustHold(
      newest !== undefined && newest.version >= entry.version,
      `W5: ${where}: shard ${entry.shard} knows version ${entry.version} of ${entry.id}, which is at ${newest?.version}`,
    );
    this.participations.set(name, entry);
    this.#inRecord.add(entry.id);
    this.#toCompare.add(name);
  }

  #participationAgrees({ shard, id, lines }: ParticipationEntry, where: string): void {
    for (const line of lines) {
      const taken = this.#taken.get(`${id} ${pairOf(line)}`) ?? NOTHING_TAKEN;
      const same = taken.held === line.held && taken.allocated === line.allocated;
      mustHold(
        same,
        `W5: after ${where} shard ${shard} says of ${id} ${JSON.stringify(line)}, its records say ${JSON.stringify(taken)}`,
      );
    }
  }

  #compareLines(id: string, where: string, wanted: (pair: string) => boolean): void {
    for (const name of this.#toCompare) this.#participationAgrees(this.participations.get(name) as ParticipationEntry, where);
    this.#toCompare.clear();
    for (const line of (this.reservation(id) as SeenReservation).lines) {
      if (!wanted(line.pair)) continue;
      const taken = this.#taken.get(`${id} ${line.pair}`) ?? NOTHING_TAKEN;
      const same = taken.held === line.held && taken.allocated === line.allocated && taken.fulfilled === line.fulfilled;
      mustHold(same, `W5: after ${where} ${id} says ${JSON.stringify(line)}, the record says ${JSON.stringify(taken)}`);
    }
  }
}

function linesAfter(
  before: SeenReservation,
  event: ReservationChanged,
  kind: ReservationEvent["kind"],
  where: string,
): SeenLine[] {
  const lines = before.lines.map((line) => ({ ...line }));
  for (const change of event.changes) {
    const line = lines[change.line] as SeenLine;
    if (kind === "granted") line.quantity += change.held;
    line.held += change.held;
    line.allocated += change.allocated;
    line.fulfilled += change.fulfilled;
    const { held, allocated, fulfilled, quantity } = line;
    const sound = held >= 0 && allocated >= 0 && fulfilled >= 0 && held + allocated + fulfilled <= quantity;
    mustHold(sound, `W5: ${where}: a line of ${event.id} is impossible: ${JSON.stringify(line)}`);
  }
  return lines;
}

type Stage = SeenReservation["stage"];

function fitsStage(kind: ReservationEvent["kind"], stage: Stage): boolean {
  if (stage === "opening") return kind === "granted" || kind === "refused";
  if (stage === "refused") return kind === "settled";
  return kind !== "granted" && kind !== "refused";
}

function stageAfter(kind: ReservationEvent["kind"], before: Stage): Stage {
  if (kind === "granted") return "standing";
  return kind === "refused" ? "refused" : before;
}

function addTo(sums: Map<string, Taken>, name: string, { held, allocated, fulfilled }: Taken): Taken {
  const sum = sums.get(name) ?? { ...NOTHING_TAKEN };
  sum.held += held;
  sum.allocated += allocated;
  sum.fulfilled += fulfilled;
  sums.set(name, sum);
  return sum;
}

function skuOf(pair: string): string {
  return pair.slice(0, pair.indexOf(" at "));
}

function historyOf<T>(histories: Map<string, T[]>, name: string): T[] {
  const history = histories.get(name) ?? [];
  histories.set(name, history);
  return history;
}
