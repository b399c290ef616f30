/**
 * A snapshot against the fold at the same position of the journal, and against itself. One synchronous turn, and so one
 * consistent view, also while a node writes checkpoints. Z1 and Z3 hold for every shard that the checkpoint holds; Z2, Z4 and Z5 are checked for those that it
 * holds through the lane of the fold. Rows of shards that it does not hold are being filled or removed: nothing is said of them.
 *
 * Z1. Every value can be read, and its checksum is right.
 * Z2. A record has the version and levels of the fold, and no record of the fold is missing.
 * Z3. What is held and allocated in reservations, in their home shards, and in participations, in all others, is what the records say.
 * Z4. A reservation is that of the fold; one that still has units is not missing. The id of every movement of the fold is there, unless it
 *     was forgotten for its age.
 * Z5. A participation is that of the fold; one that still has units is not missing.
 * Z6. A record in which a reversal waits has the row that says so, or nobody would find it after a restart.
 */

import { hash32, type ReservationId, type ShardId, shardOfHash } from "../base/index.ts";
import {
  decodeMovementUse,
  decodeParticipation,
  decodeReservation,
  decodeStockRecord,
  isWaitingRecord,
  movementKey,
  participationKey,
  partsOfRecordKey,
  recordKey,
  reservationOfKey,
  shardOfKey,
} from "../codec/index.ts";
import type { SnapshotStore, Table } from "../ports/index.ts";
import { isOver, type Participation, type Reservation } from "../reservation/index.ts";
import type { StockRecord } from "../stock/index.ts";
import type { Differences } from "./differences.ts";
import { type Fold, homeOf, LEVELS, participationName, recordName } from "./verify-fold.ts";

export interface SnapshotCounts {
  readonly records: number;
  readonly reservations: number;
  readonly movements: number;
}

export interface SnapshotCheck {
  readonly store: SnapshotStore;
  readonly fold: Fold;
  readonly shards: number;
  /** Shards that are whole in the snapshot. */
  readonly held: ReadonlySet<ShardId>;
  /** Of them, those that are held through the lane of the fold. */
  readonly own: ReadonlySet<ShardId>;
  /** Movement ids applied before this time may be forgotten, ms since 1970. */
  readonly movementsKeptFrom: number;
  readonly differences: Differences;
}

/** Keys of a table begin with the shard in hexadecimal; ids of locations with anything printable. */
const WHOLE_TABLE = { from: "", to: "\u{10FFFF}" };

/** O(records + reservations + movements). Throws CorruptData at the first value that cannot be trusted (Z1). */
export function checkSnapshot(check: SnapshotCheck): SnapshotCounts {
  const bound = new Map<string, Bound>();
  const reservations = checkReservations(check, bound);
  checkParticipations(check, bound);
  const records = checkRecords(check, bound);
  const movements = checkMovements(check);
  return { records, reservations, movements };
}

/** Says how a record differs from what it should be, undefined when it does not. */
export function levelDifference(found: Partial<StockRecord>, expected: StockRecord): string | undefined {
  if (found.version !== expected.version) return `version ${found.version} where the journal has ${expected.version}`;
  const level = LEVELS.find((name) => found[name] !== expected[name]);
  return level === undefined
    ? undefined
    : `${level} ${found[level]} where the journal has ${expected[level]} (version ${expected.version})`;
}

/** Units of a record that reservations have. */
interface Bound {
  held: number;
  allocated: number;
}

function checkReservations(check: SnapshotCheck, bound: Map<string, Bound>): number {
  const { fold, own, shards, differences } = check;
  const found = new Set<string>();
  let count = 0;
  for (const { key, value } of heldRows(check, "reservations")) {
    count++;
    const id = reservationOfKey(key);
    const reservation = decodeReservation(value, id);
    addBound(bound, reservation.lines.filter(isBoundHere(check, shardOfKey(key), id)));
    const folded = fold.reservations.get(id);
    if (folded === undefined || !own.has(shardOfKey(key))) continue;
    found.add(id);
    if (!sameReservation(reservation, folded))
      differences.add(`reservation ${id}: the snapshot differs from the fold of the journal`);
  }
  for (const [id, folded] of fold.reservations) {
    if (!found.has(id) && hasUnits(folded) && own.has(homeOf(id, shards)))
      differences.add(`reservation ${id}: in the journal, not in the snapshot`);
  }
  return count;
}

function* heldRows(
  { store, held }: SnapshotCheck,
  table: Table,
): Generator<{ readonly key: string; readonly value: Uint8Array }> {
  for (const row of store.scan(table, WHOLE_TABLE)) if (held.has(shardOfKey(row.key))) yield row;
}

/**
 * Lines of the home shard; others are bound by their participation. Reservations of the first release have none: theirs count when the
 * record is here.
 */
function isBoundHere({ store, shards, own }: SnapshotCheck, home: ShardId, id: ReservationId): (line: Line) => boolean {
  return ({ sku, location }) => {
    const shard = shardOfHash(hash32(sku), shards);
    if (shard === home) return true;
    if (!own.has(shard) || !own.has(home)) return false;
    if (store.get("participations", participationKey(shard, id)) !== undefined) return false;
    return store.get("records", recordKey(shard, sku, location)) !== undefined;
  };
}

function checkParticipations(check: SnapshotCheck, bound: Map<string, Bound>): void {
  const { fold, own, differences } = check;
  const found = new Set<string>();
  for (const { key, value } of heldRows(check, "participations")) {
    const id = reservationOfKey(key);
    const participation = decodeParticipation(value, id);
    addBound(bound, participation.lines);
    const name = participationName(shardOfKey(key), id);
    const folded = fold.participations.get(name);
    if (folded === undefined || !own.has(shardOfKey(key))) continue;
    found.add(name);
    if (!sameParticipation(participation, folded))
      differences.add(`participation ${name}: the snapshot differs from the fold of the journal`);
  }
  for (const [name, folded] of fold.participations) {
    if (!found.has(name) && !isOver(folded) && own.has(folded.shard))
      differences.add(`participation ${name}: in the journal, not in the snapshot`);
  }
}

function sameParticipation(a: Participation, b: Participation): boolean {
  return a.version === b.version && JSON.stringify(a.lines) === JSON.stringify(b.lines);
}

function addBound(bound: Map<string, Bound>, lines: readonly BoundLine[]): void {
  for (const { sku, location, held, allocated } of lines) {
    if (held === 0 && allocated === 0) continue;
    const name = recordName(sku, location);
    const sum = bound.get(name) ?? { held: 0, allocated: 0 };
    bound.set(name, { held: sum.held + held, allocated: sum.allocated + allocated });
  }
}

function sameReservation(a: Reservation, b: Reservation): boolean {
  const same = a.version === b.version && a.expiresAt === b.expiresAt && a.lines.length === b.lines.length;
  return same && a.lines.every((line, index) => sameLine(line, b.lines[index]));
}

type Line = Reservation["lines"][number];
type BoundLine = Pick<Line, "sku" | "location" | "held" | "allocated">;

function sameLine(a: Line, b: Line | undefined): boolean {
  if (b === undefined || a.sku !== b.sku || a.location !== b.location) return false;
  return a.quantity === b.quantity && a.held === b.held && a.allocated === b.allocated && a.fulfilled === b.fulfilled;
}

function hasUnits({ lines }: Reservation): boolean {
  return lines.some((line) => line.held > 0 || line.allocated > 0);
}

function checkRecords(check: SnapshotCheck, bound: Map<string, Bound>): number {
  const { fold, own, shards, differences } = check;
  let count = 0;
  let folded = 0;
  for (const { key, value } of heldRows(check, "records")) {
    count++;
    const { sku, location } = partsOfRecordKey(key);
    const record = decodeStockRecord(value, sku, location);
    if (isWaitingRecord(value) && check.store.get("waits", key) === undefined)
      differences.add(`${sku} at ${location}: something waits in it, and no row says so`);
    const name = recordName(sku, location);
    const expected = own.has(shardOfKey(key)) ? fold.records.get(name) : undefined;
    if (expected !== undefined) folded++;
    const wrong = expected && levelDifference(record, expected.value);
    if (wrong !== undefined) differences.add(`${sku} at ${location}: the snapshot has ${wrong}`);
    const { held, allocated } = bound.get(name) ?? { held: 0, allocated: 0 };
    bound.delete(name);
    if (held !== record.held) differences.add(`${sku} at ${location}: held ${record.held}, reservations hold ${held}`);
    if (allocated !== record.allocated)
      differences.add(`${sku} at ${location}: allocated ${record.allocated}, reservations have ${allocated}`);
  }
  const wanted = [...fold.records.values()].filter(({ value }) => own.has(shardOfHash(hash32(value.sku), shards))).length;
  if (folded < wanted) differences.add(`${wanted - folded} stock records are in the journal, not in the snapshot`);
  for (const name of bound.keys()) differences.add(`${name.replace("\u0000", " at ")}: reserved, but there is no such record`);
  return count;
}

function checkMovements(check: SnapshotCheck): number {
  const { store, fold, shards, own, movementsKeptFrom, differences } = check;
  for (const { id, version, at, shard } of fold.movements.values()) {
    const home = shard ?? shardOfHash(hash32(id), shards);
    if (!own.has(home)) continue;
    const bytes = store.get("movements", movementKey(home, id));
    if (bytes === undefined && at >= movementsKeptFrom)
      differences.add(`movement ${id}: applied in the journal, not known to the snapshot`);
    if (bytes === undefined) continue;
    const found = decodeMovementUse(bytes, `movement ${id}`).version;
    if (found !== version) differences.add(`movement ${id}: version ${found} in the snapshot, ${version} in the journal`);
  }
  return [...heldRows(check, "movements")].filter(({ key, value }) => isOfItsSku(check, key, value)).length;
}

/** An id is kept twice: with its SKU, and in its registry. */
function isOfItsSku({ shards }: SnapshotCheck, key: string, value: Uint8Array): boolean {
  const { sku } = decodeMovementUse(value, `movement ${key}`);
  return sku === undefined || shardOfHash(hash32(sku), shards) === shardOfKey(key);
}
