/** One EPCIS event: what its objects are, where it happened, and what that moves. */

import { type EpochMs, type LocationId, QUANTITY_MAX, type Sku } from "../base/index.ts";
import { parseTime } from "../forms/index.ts";
import type { Draft, Item } from "./draft.ts";
import type { EpcisEvent, EpcisQuantity } from "./epcis-form.ts";
import { type Effect, effectOf, stepOf } from "./epcis-steps.ts";

interface Spot {
  /** From 1. */
  readonly index: number;
  readonly path: string;
}

/** Units of one SKU and lot. */
interface Goods {
  readonly item: Item;
  units: number;
  readonly serials: string[];
}

/** Serials that one movement carries along. */
const SERIALS_MAX = 1_000;
const REFERENCE_LENGTH_MAX = 256;

export function interpretEpcisEvent(event: EpcisEvent, spot: Spot, draft: Draft): void {
  new Reading(event, spot, draft).read();
}

class Reading {
  readonly #event: EpcisEvent;
  readonly #spot: Spot;
  readonly #draft: Draft;
  readonly #at: EpochMs | undefined;
  readonly #key: string;
  #place = 0;
  /** Measured, or no trade items: seen, and not counted. */
  #uncounted = 0;

  constructor(event: EpcisEvent, spot: Spot, draft: Draft) {
    this.#event = event;
    this.#spot = spot;
    this.#draft = draft;
    const { source, id } = draft.event;
    this.#key = `${source} ${event.eventID ?? `${id}-${spot.index}`}`;
    this.#at = this.#timeOf("eventTime", event.eventTime);
    const declared = event.errorDeclaration?.declarationTime;
    if (declared !== undefined) this.#timeOf("errorDeclaration/declarationTime", declared);
  }

  read(): void {
    const event = this.#event;
    if (event.type === "TransformationEvent") this.#transform(event);
    else if (event.type === "ObjectEvent" || event.type === "TransactionEvent") {
      this.#happen(event.type, this.#goodsOf(["epcList", event.epcList], ["quantityList", event.quantityList]));
    } else {
      if (event.parentID !== undefined) this.#draft.identified(`${this.#spot.path}/parentID`, event.parentID);
      this.#happen(event.type, this.#goodsOf(["childEPCs", event.childEPCs], ["childQuantityList", event.childQuantityList]));
    }
    this.#places();
    this.#sense();
  }

  #timeOf(name: string, text: string): EpochMs | undefined {
    return (
      parseTime(text) ??
      this.#draft.fail(`${this.#spot.path}/${name}`, "must be a time with an offset, such as 2026-03-01T09:30:00Z")
    );
  }

  /** Names of places are looked at also where nothing moves, so that a broken one is found at its first event. */
  #places(): void {
    for (const name of ["readPoint", "bizLocation"] as const) {
      const id = this.#event[name]?.id;
      if (id !== undefined) this.#draft.place(`${this.#spot.path}/${name}/id`, id);
    }
  }

  #goodsOf(
    [epcsName, epcs = []]: readonly [string, readonly string[] | undefined],
    [quantitiesName, quantities = []]: readonly [string, readonly EpcisQuantity[] | undefined],
  ): readonly Goods[] {
    const { path } = this.#spot;
    if (epcs.length + quantities.length === 0 && this.#event.type === "ObjectEvent") {
      if (this.#event.sensorElementList === undefined)
        this.#draft.fail(path, `lacks ${epcsName}, ${quantitiesName} or sensorElementList`);
    }
    const goods = new Map<string, Goods>();
    const seen = new Set<string>();
    for (const [index, epc] of epcs.entries()) {
      const at = `${path}/${epcsName}/${index}`;
      if (seen.has(epc)) this.#draft.fail(at, "is in the list twice");
      seen.add(epc);
      this.#epc(at, epc, goods);
    }
    for (const [index, element] of quantities.entries()) this.#quantity(`${path}/${quantitiesName}/${index}`, element, goods);
    return [...goods.values()];
  }

  #epc(path: string, epc: string, goods: Map<string, Goods>): void {
    const found = this.#draft.identified(path, epc);
    if (found === undefined) return;
    if (found.item === undefined) this.#uncounted++;
    else this.#add(path, goods, found.item, found.item.units, found.item.serial);
  }

  #quantity(path: string, { epcClass, quantity, uom }: EpcisQuantity, goods: Map<string, Goods>): void {
    const found = this.#draft.identified(`${path}/epcClass`, epcClass);
    if (found === undefined) return;
    const { item } = found;
    if (item === undefined || quantity === undefined || quantity === 0 || (uom !== undefined && !item.told)) {
      this.#uncounted++;
      return;
    }
    const units = this.#draft.units(`${path}/quantity`, quantity, item);
    if (units !== undefined) this.#add(`${path}/quantity`, goods, item, units);
  }

  #add(path: string, goods: Map<string, Goods>, item: Item, units: number, serial?: string): void {
    const key = `${item.sku}\n${item.lot ?? ""}`;
    const same = goods.get(key);
    if (same === undefined) goods.set(key, { item, units, serials: serial === undefined ? [] : [serial] });
    else if (same.units + units > QUANTITY_MAX) this.#draft.fail(path, `takes the sum of ${item.sku} above ${QUANTITY_MAX}`);
    else {
      same.units += units;
      if (serial !== undefined && same.serials.length < SERIALS_MAX) same.serials.push(serial);
    }
  }

  /** An error is declared of an event that nobody can name: nothing can be undone. */
  get #isVain(): boolean {
    return this.#event.errorDeclaration !== undefined && this.#event.eventID === undefined;
  }

  #happen(type: EpcisEvent["type"], goods: readonly Goods[]): void {
    const { bizStep, disposition } = this.#event;
    const effect = movesStock(this.#event) && !this.#isVain ? effectOf(bizStep, disposition) : undefined;
    if (effect === undefined || goods.length === 0) return this.#observe(type, goods);
    const location = this.#where(effect.at);
    if (location === undefined) return;
    for (const each of effect.type === "count" ? ofOneSku(goods) : goods) this.#move(effect, each, location);
    if (this.#uncounted > 0) this.#observe(type, []);
  }

  #transform(event: Extract<EpcisEvent, { type: "TransformationEvent" }>): void {
    const inputs = this.#goodsOf(["inputEPCList", event.inputEPCList], ["inputQuantityList", event.inputQuantityList]);
    const outputs = this.#goodsOf(["outputEPCList", event.outputEPCList], ["outputQuantityList", event.outputQuantityList]);
    if (inputs.length + outputs.length === 0 || this.#isVain) return this.#observe(event.type, []);
    const location = this.#where("arrival");
    if (location === undefined) return;
    for (const each of inputs)
      this.#move({ type: "adjustment", at: "departure", sign: -1, reason: "transformation" }, each, location);
    for (const each of outputs)
      this.#move({ type: "adjustment", at: "arrival", sign: 1, reason: "transformation" }, each, location);
  }

  /** What arrives is at the business location from then on; what leaves was at the read point. */
  #where(at: Effect["at"]): LocationId | undefined {
    const { readPoint, bizLocation } = this.#event;
    const names = at === "arrival" ? (["bizLocation", "readPoint"] as const) : (["readPoint", "bizLocation"] as const);
    const named = { readPoint: readPoint?.id, bizLocation: bizLocation?.id };
    for (const name of names) {
      const id = named[name];
      const place = id === undefined ? undefined : this.#draft.place(`${this.#spot.path}/${name}/id`, id);
      if (place !== undefined) return place;
    }
    const { location } = this.#draft.context;
    return (
      location ??
      this.#draft.fail(`${this.#spot.path}/bizLocation`, "must name the location: neither the event nor the way it came does")
    );
  }

  #move(effect: Effect, { item, units, serials }: Goods, location: LocationId): void {
    const place = ++this.#place;
    const { type } = effect;
    const quantity = type === "adjustment" ? effect.sign * units : units;
    const goods = {
      sku: item.sku,
      location,
      occurredAt: this.#at,
      reason: effect.reason,
      reference: this.#reference(),
      lot: item.lot,
      expiry: item.expiry,
    };
    const step = { ...goods, quantity, serials: serials.length === 0 ? undefined : serials };
    if (this.#event.errorDeclaration === undefined) return this.#draft.move(place, { type, ...step }, this.#key);
    const reverses = `${this.#key}-${place}`;
    this.#draft.move(
      `${place}.void`,
      { type: "void", ...step, reason: "error-declaration", quantity: units, reverses },
      this.#key,
    );
  }

  #reference(): string | undefined {
    return this.#event.bizTransactionList?.[0]?.bizTransaction.slice(0, REFERENCE_LENGTH_MAX);
  }

  #observe(type: string, goods: readonly Goods[]): void {
    const { bizStep, disposition } = this.#event;
    const location = this.#draft.context.location;
    const shared = {
      kind: "observation",
      at: this.#at,
      location,
      reference: this.#event.eventID?.slice(0, REFERENCE_LENGTH_MAX),
    };
    const detail = { type, bizStep: stepOf(bizStep), disposition, uncounted: this.#uncounted };
    if (goods.length === 0) this.#draft.signal({ ...shared, detail });
    for (const { item, units } of goods) this.#draft.signal({ ...shared, sku: item.sku as Sku, quantity: units, detail });
  }

  #sense(): void {
    for (const { sensorReport } of this.#event.sensorElementList ?? []) {
      for (const report of sensorReport) {
        const shared = { kind: "sensor", at: this.#at, location: this.#draft.context.location };
        this.#draft.signal({ ...shared, detail: report as Readonly<Record<string, unknown>> });
      }
    }
  }
}

/** An aggregation that is made or taken apart moves what is in it nowhere but into or out of its pack; so does an end of a transaction. */
function movesStock(event: EpcisEvent): boolean {
  switch (event.type) {
    case "ObjectEvent":
      return true;
    case "AggregationEvent":
      return event.action === "OBSERVE" || stepOf(event.bizStep) === "packing";
    case "TransactionEvent":
      return event.action !== "DELETE";
    default:
      return false;
  }
}

/** A count is of the SKU, whatever its lots. */
function ofOneSku(goods: readonly Goods[]): Goods[] {
  const sums = new Map<string, Goods>();
  for (const { item, units, serials } of goods) {
    const sum = sums.get(item.sku);
    if (sum === undefined) sums.set(item.sku, { item: { ...item, lot: undefined }, units, serials: [...serials] });
    else sum.units += units;
  }
  return [...sums.values()];
}
