/** What simulated clients ask for: random commands over a few SKUs and locations, each with a name of its own. */

import type { EpochMs, LocationId, ReservationId, Sku } from "../../src/base/index.ts";
import type { Grid, IdempotencyKey, Reserve, Transit } from "../../src/member/index.ts";
import type { LinePart } from "../../src/reservation/index.ts";
import { MOVEMENT_TYPES, type Movement, QUARANTINE_REASON } from "../../src/stock/index.ts";
import type { SimRandom } from "./world/index.ts";

export type Operation =
  | { readonly kind: "reserve"; readonly name: string; readonly command: Reserve }
  | { readonly kind: "transit"; readonly name: string; readonly command: Transit }
  | { readonly kind: "move"; readonly name: string; readonly movement: Movement }
  | { readonly kind: "locate"; readonly name: string; readonly location: Parameters<Grid["putLocation"]>[0] }
  | { readonly kind: "read"; readonly name: string; readonly sku: Sku; readonly location: LocationId; readonly strict: boolean }
  | { readonly kind: "look-up"; readonly name: string; readonly id: ReservationId };

export interface Catalogue {
  readonly skus: readonly Sku[];
  readonly locations: readonly LocationId[];
  /** Movements that were asked for, and those that something was asked for that names them: they come later. */
  readonly moved: Named[];
  readonly coming: Named[];
  /** Whether movements are repeated with other content, reversed, and late; without it a seed asks what it did before there was such a thing. */
  readonly reverses: boolean;
}

/** What a reversal has to know of the movement that it names. */
type Named = Pick<Movement, "id" | "sku" | "location">;

const TTL_MS = [1_000, 1_500, 5_000, 60_000] as const;
/** Reservations that are likely to be alive. */
const RECENT = 4;
const NEVER_MADE = "0000000000000000-00000000" as ReservationId;

export function catalogueOf(skus: number, locations: number, reverses: boolean): Catalogue {
  return {
    skus: Array.from({ length: skus }, (_, i) => `sku-${i}` as Sku),
    locations: Array.from({ length: locations }, (_, i) => `location-${i}` as LocationId),
    moved: [],
    coming: [],
    reverses,
  };
}

/** The next thing a client wants. `known` are reservations it has heard of. */
export function nextOperation(
  name: string,
  random: SimRandom,
  catalogue: Catalogue,
  known: readonly Transit["id"][],
  now: EpochMs,
): Operation {
  const dice = random.below(100);
  if (dice < 40) return { kind: "reserve", name, command: reserveOf(name, random, catalogue) };
  if (dice < 65) return { kind: "transit", name, command: transitOf(name, random, catalogue, known) };
  if (dice < 85) return { kind: "move", name, movement: movementOf(name, random, catalogue, now) };
  if (dice < 88) return { kind: "locate", name, location: { id: random.pick(catalogue.locations), type: "store", name } };
  if (dice < 94) return { kind: "look-up", name, id: pickKnown(random, known) };
  const strict = random.chance(0.5);
  return { kind: "read", name, sku: random.pick(catalogue.skus), location: random.pick(catalogue.locations), strict };
}

/** A receipt of `quantity` units, to begin with. */
export function openingReceipt(name: string, sku: Sku, location: LocationId, quantity: number): Operation {
  return { kind: "move", name, movement: { id: name, type: "receipt", sku, location, quantity } };
}

function reserveOf(name: string, random: SimRandom, catalogue: Catalogue): Reserve {
  const command = {
    lines: partsOf(random, catalogue),
    mode: random.chance(0.7) ? ("all" as const) : ("partial" as const),
    ttlMs: random.pick(TTL_MS),
    reference: name,
    channel: random.chance(0.5) ? "web" : undefined,
  };
  return { ...command, idempotency: random.chance(0.7) ? keyOf(name, command) : undefined };
}

function transitOf(name: string, random: SimRandom, catalogue: Catalogue, known: readonly ReservationId[]): Transit {
  const transition = random.pick(["confirm", "confirm", "release", "extend", "fulfill", "fulfill"] as const);
  const command = {
    id: pickKnown(random, known),
    transition,
    lines: transition !== "extend" && random.chance(0.3) ? partsOf(random, catalogue) : undefined,
    ttlMs: transition === "extend" ? random.pick(TTL_MS) : undefined,
  };
  return { ...command, idempotency: random.chance(0.5) ? keyOf(name, command) : undefined };
}

/** New ones, and such as test the order of arrival: repeats with other content, reversals of what came, or of what comes later. */
function movementOf(name: string, random: SimRandom, catalogue: Catalogue, now: EpochMs): Movement {
  if (!catalogue.reverses) return newMovement(name, random, catalogue, now, PLAIN_TYPES, 0.3);
  const dice = random.below(100);
  const { moved, coming } = catalogue;
  if (dice < 10 && moved.length > 0) return { ...newMovement(name, random, catalogue, now), ...random.pick(moved) };
  if (dice < 25 && moved.length > 0) return reversalOf(random.pick(moved.slice(-RECENT)), name, random, catalogue, now);
  if (dice < 40) {
    const later = { id: `${name}-later`, sku: random.pick(catalogue.skus), location: random.pick(catalogue.locations) };
    coming.push(later);
    return reversalOf(later, name, random, catalogue, now);
  }
  const due = dice < 60 ? coming.shift() : undefined;
  const movement = { ...newMovement(name, random, catalogue, now), ...due };
  const { id, sku, location } = movement;
  if (catalogue.locations.includes(location)) moved.push({ id, sku, location });
  return movement;
}

function reversalOf(
  { id, sku, location }: Named,
  name: string,
  random: SimRandom,
  { locations }: Catalogue,
  now: EpochMs,
): Movement {
  const type = random.pick(["void", "void", "return"] as const);
  const quantity = random.between(0, 6);
  const place = random.chance(0.9) ? location : random.pick(locations);
  return { id: name, type, sku, location: place, quantity, occurredAt: earlier(random, now), reverses: id };
}

/** In the order and number of the first seeds. */
const PLAIN_TYPES = ["receipt", "sale", "return", "adjustment", "count", "damage", "transfer-out", "transfer-in"] as const;

function newMovement(
  name: string,
  random: SimRandom,
  catalogue: Catalogue,
  now: EpochMs,
  types: readonly Movement["type"][] = MOVEMENT_TYPES,
  late = 0.4,
): Movement {
  const type = random.pick([...types, "receipt", "receipt"] as const);
  const occurredAt = earlier(random, now, late);
  return {
    id: name,
    type,
    sku: random.pick(catalogue.skus),
    location: random.chance(0.97) ? random.pick(catalogue.locations) : ("nowhere" as LocationId),
    quantity: type === "adjustment" ? random.between(-4, 4) : random.between(0, 6),
    occurredAt,
    reason: type === "damage" && random.chance(0.5) ? QUARANTINE_REASON : undefined,
  };
}

function earlier(random: SimRandom, now: EpochMs, chance = 0.4): EpochMs | undefined {
  return random.chance(chance) ? ((now - random.between(0, 5_000)) as EpochMs) : undefined;
}

/** What a movement is known by; everything else by the name of its operation. */
export function idOf(operation: Operation): string {
  return operation.kind === "move" ? operation.movement.id : operation.name;
}

function partsOf(random: SimRandom, { skus, locations }: Catalogue): LinePart[] {
  const count = random.chance(0.6) ? 1 : random.between(2, 4);
  return Array.from({ length: count }, () => ({
    sku: random.pick(skus),
    location: random.pick(locations),
    quantity: random.between(1, 4),
  }));
}

function keyOf(name: string, body: object): IdempotencyKey {
  return { key: name, fingerprint: JSON.stringify(body) };
}

function pickKnown(random: SimRandom, known: readonly ReservationId[]): ReservationId {
  if (known.length === 0 || random.chance(0.02)) return NEVER_MADE;
  return random.pick(random.chance(0.6) ? known.slice(-RECENT) : known);
}
