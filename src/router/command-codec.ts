/** Commands as flat rows, and back: `[number, ...fields]`. Numbers are append only; a changed row gets a new number. */

import type { EpochMs, LocationId, ReservationId, ShardId, Sku } from "../base/index.ts";
import type { FollowAsk, IdempotencyKey } from "../member/index.ts";
import type { LinePart } from "../reservation/index.ts";
import type { Movement } from "../stock/index.ts";
import type { Command } from "./command.ts";

type Row = readonly unknown[];

const NUMBER = {
  reserve: 1,
  transit: 2,
  move: 3,
  reservation: 4,
  stock: 5,
  record: 6,
  availability: 7,
  hold: 8,
  follow: 9,
  claimMovement: 10,
  freeMovement: 11,
} as const satisfies Record<Command["op"], number>;

/** As `move`, and the movement it reverses behind it. */
const MOVE_REVERSING = 12;

export function rowOfCommand(command: Command): Row {
  switch (command.op) {
    case "reserve": {
      const { mode, ttlMs, reference, channel, idempotency, lines } = command.reserve;
      return [NUMBER.reserve, mode, ttlMs, reference, channel, idempotency?.key, idempotency?.fingerprint, flatParts(lines)];
    }
    case "transit": {
      const { id, transition, ttlMs, idempotency, lines } = command.transit;
      const parts = lines === undefined ? undefined : flatParts(lines);
      return [NUMBER.transit, id, transition, ttlMs, idempotency?.key, idempotency?.fingerprint, parts];
    }
    case "move": {
      const { id, type, sku, location, quantity, occurredAt, reason, reference, toLocation, reverses } = command.movement;
      const row = [NUMBER.move, id, type, sku, location, quantity, occurredAt, reason, reference, toLocation];
      return reverses === undefined ? row : [MOVE_REVERSING, ...row.slice(1), reverses];
    }
    case "reservation":
      return [NUMBER.reservation, command.id];
    case "stock":
      return [NUMBER.stock, command.sku, command.strict];
    case "record":
      return [NUMBER.record, command.sku, command.location, command.strict];
    case "availability":
      return [NUMBER.availability, command.skus, command.locations];
    case "hold": {
      const { id, mode, expiresAt, lines } = command.ask;
      return [NUMBER.hold, command.shard, id, mode, expiresAt, flatParts(lines)];
    }
    case "follow": {
      const { id, version, kind, lines } = command.ask;
      return [NUMBER.follow, command.shard, id, version, kind, flatFollowed(lines)];
    }
    default:
      return [NUMBER[command.op], command.shard, command.ask.id, command.ask.sku, command.ask.attempt];
  }
}

/** Undefined for a number that this version does not know. */
export function commandOfRow(row: Row): Command | undefined {
  const [number, ...fields] = row;
  switch (number) {
    case NUMBER.reserve:
      return reserveOf(fields);
    case NUMBER.transit:
      return transitOf(fields);
    case NUMBER.move:
    case MOVE_REVERSING:
      return { op: "move", movement: movementOf(fields) };
    case NUMBER.reservation:
      return { op: "reservation", id: fields[0] as ReservationId };
    case NUMBER.stock:
      return { op: "stock", sku: fields[0] as Sku, strict: fields[1] === true };
    case NUMBER.record:
      return { op: "record", sku: fields[0] as Sku, location: fields[1] as LocationId, strict: fields[2] === true };
    case NUMBER.availability:
      return { op: "availability", skus: fields[0] as Sku[], locations: given(fields[1] as LocationId[] | null) };
    case NUMBER.hold:
      return holdOf(fields);
    case NUMBER.follow:
      return followOf(fields);
    case NUMBER.claimMovement:
    case NUMBER.freeMovement: {
      const [shard, id, sku, attempt] = fields as [ShardId, string, Sku, number];
      return { op: number === NUMBER.claimMovement ? "claimMovement" : "freeMovement", shard, ask: { id, sku, attempt } };
    }
    default:
      return undefined;
  }
}

type Text = string | null;

function reserveOf(fields: Row): Command {
  const [mode, ttlMs, reference, channel, key, fingerprint, lines] = fields as [
    "all" | "partial",
    number,
    Text,
    Text,
    Text,
    Text,
    Row,
  ];
  const idempotency = keyOf(key, fingerprint);
  const optional = { reference: given(reference), channel: given(channel), idempotency };
  return { op: "reserve", reserve: { lines: partsOf(lines), mode, ttlMs, ...optional } };
}

function transitOf(fields: Row): Command {
  type Kind = Extract<Command, { op: "transit" }>["transit"]["transition"];
  const [id, transition, ttlMs, key, fingerprint, lines] = fields as [ReservationId, Kind, number | null, Text, Text, Row | null];
  const parts = lines === null ? undefined : partsOf(lines);
  return { op: "transit", transit: { id, transition, lines: parts, ttlMs: given(ttlMs), idempotency: keyOf(key, fingerprint) } };
}

function movementOf(fields: Row): Movement {
  const [id, type, sku, location, quantity, occurredAt, reason, reference, toLocation, reverses] = fields as [
    string,
    Movement["type"],
    Sku,
    LocationId,
    number,
    EpochMs | null,
    Text,
    Text,
    LocationId | null,
    Text?,
  ];
  const optional = {
    occurredAt: given(occurredAt),
    reason: given(reason),
    reference: given(reference),
    toLocation: given(toLocation),
    reverses: reverses ?? undefined,
  };
  return { id, type, sku, location, quantity, ...optional };
}

function holdOf(fields: Row): Command {
  const [shard, id, mode, expiresAt, lines] = fields as [ShardId, ReservationId, "all" | "partial", EpochMs, Row];
  return { op: "hold", shard, ask: { id, mode, expiresAt, lines: partsOf(lines) } };
}

function followOf(fields: Row): Command {
  const [shard, id, version, kind, lines] = fields as [ShardId, ReservationId, number, FollowAsk["kind"], Row];
  return { op: "follow", shard, ask: { id, version, kind, lines: followedOf(lines) } };
}

function keyOf(key: Text, fingerprint: Text): IdempotencyKey | undefined {
  return key === null || fingerprint === null ? undefined : { key, fingerprint };
}

function flatParts(lines: readonly LinePart[]): Row {
  const row: unknown[] = [];
  for (const { sku, location, quantity } of lines) row.push(sku, location, quantity);
  return row;
}

function partsOf(row: Row): LinePart[] {
  const lines: LinePart[] = [];
  for (let i = 0; i < row.length; i += 3) {
    lines.push({ sku: row[i] as Sku, location: row[i + 1] as LocationId, quantity: row[i + 2] as number });
  }
  return lines;
}

function flatFollowed(lines: FollowAsk["lines"]): Row {
  const row: unknown[] = [];
  for (const { sku, location, held, allocated, fulfilled } of lines) row.push(sku, location, held, allocated, fulfilled);
  return row;
}

function followedOf(row: Row): FollowAsk["lines"] {
  const lines: FollowAsk["lines"][number][] = [];
  for (let i = 0; i < row.length; i += 5) {
    const [sku, location, held, allocated, fulfilled] = row.slice(i, i + 5) as [Sku, LocationId, number, number, number];
    lines.push({ sku, location, held, allocated, fulfilled });
  }
  return lines;
}

/** Msgpack has null for what was not given. */
function given<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}
