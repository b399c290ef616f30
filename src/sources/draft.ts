/**
 * An interpretation in the making. The first problem stands and ends it: whatever comes after is kept out (S2).
 */

import { type EpochMs, idProblem, type LocationId, QUANTITY_MAX, type Sku } from "../base/index.ts";
import { KEY_LENGTH_MAX, keyError, textError } from "../forms/index.ts";
import { gtin14Of, type Identifier, identify } from "../identifiers/index.ts";
import type { CodedItem, Interpretation, Signal, SourceContext, SourceEvent } from "./interpretation.ts";
import { readTime } from "./local-time.ts";
import type { SourceMovement } from "./source-movement.ts";

/** An item as an event names it, resolved. */
export interface Item extends CodedItem {
  /** Whether somebody told what the code stands for, so that fractions of `units` may make whole ones. */
  readonly told: boolean;
  readonly lot?: string | undefined;
  readonly serial?: string | undefined;
  readonly expiry?: string | undefined;
}

/** A movement but for what all of an event share. */
export type Step = Omit<SourceMovement, "id">;

/** Digits of a place in an event, behind its id. */
const PLACE_LENGTH_MAX = 24;
const WHOLE_WITHIN = 1e-6;
const GTIN_TYPES = "a GTIN must have 8, 12, 13 or 14 digits with a right check digit";
const URI = /^(?:urn:|https?:)/i;

export class Draft {
  readonly event: SourceEvent;
  readonly context: SourceContext;
  readonly #movements: SourceMovement[] = [];
  readonly #signals: Signal[] = [];
  #problem: Interpretation | undefined;

  constructor(event: SourceEvent, context: SourceContext) {
    this.event = event;
    this.context = context;
    const key = this.key;
    if (key.length + PLACE_LENGTH_MAX > KEY_LENGTH_MAX) {
      this.fail("/id", `must have at most ${KEY_LENGTH_MAX - PLACE_LENGTH_MAX - 1} characters together with the source`);
    }
    const error = keyError("/id", key);
    if (error !== undefined) this.fail(error.path, error.message);
  }

  /** CloudEvents makes source and id together unique; the source has no white space, so two pairs never give one key. */
  get key(): string {
    return `${this.event.source} ${this.event.id}`;
  }

  get failed(): boolean {
    return this.#problem !== undefined;
  }

  fail(path: string, reason: string): undefined {
    this.#problem ??= { kind: "problem", path, reason };
    return undefined;
  }

  /** `place`: where in its event the movement is, the same at every repeat. `key`: what stands for the event, when that is not its own id. */
  move(place: string | number, step: Step, key: string = this.key): void {
    if (this.failed) return;
    this.#movements.push({ id: `${key}-${place}`, ...step });
  }

  signal(signal: Signal): void {
    this.#signals.push(signal);
  }

  result(why: string): Interpretation {
    return this.#problem ?? { kind: "understood", movements: this.#movements, signals: this.#signals, why };
  }

  /** A code of an own system, a GTIN, or a URI of GS1. */
  item(path: string, code: string): Item | undefined {
    if (URI.test(code)) return this.#itemOfUri(path, code);
    const { codes } = this.context;
    const told = codes.item(code) ?? codes.item(gtin14Of(code) ?? code);
    if (told !== undefined) return { ...told, told: true };
    return this.#ownItem(path, code);
  }

  /** What the source itself calls a GTIN: its normal form is the SKU, unless the code stands for another. */
  gtin(path: string, code: string): Item | undefined {
    const gtin = gtin14Of(code);
    const told = this.context.codes.item(code) ?? (gtin === undefined ? undefined : this.context.codes.item(gtin));
    if (told !== undefined) return { ...told, told: true };
    return gtin === undefined ? this.fail(path, `${code} is not known, and ${GTIN_TYPES}`) : this.#ownItem(path, gtin);
  }

  /** Undefined, without a problem, for what is no trade item. */
  identified(path: string, uri: string): { readonly named: Identifier; readonly item: Item | undefined } | undefined {
    const named = identify(uri);
    if (named.kind === "malformed") return this.fail(path, `${uri.slice(0, 80)} ${named.message}`);
    if (named.kind !== "gtin") return { named, item: undefined };
    const { gtin, lot, serial, expiry } = named;
    const item = this.gtin(path, gtin);
    return item === undefined ? undefined : { named, item: { ...item, lot, serial, expiry } };
  }

  #itemOfUri(path: string, uri: string): Item | undefined {
    const found = this.identified(path, uri);
    if (found === undefined) return undefined;
    return found.item ?? this.fail(path, `${uri.slice(0, 80)} names no trade item`);
  }

  #ownItem(path: string, code: string): Item | undefined {
    const problem = idProblem(code);
    return problem === undefined ? { sku: code as Sku, units: 1, told: false } : this.fail(path, problem);
  }

  /** Whole units of the SKU, at least `least`. */
  units(path: string, quantity: number, item: Item, least: 0 | 1 = 1): number | undefined {
    const units = quantity * item.units;
    const whole = Math.round(units);
    if (!Number.isFinite(units) || whole > QUANTITY_MAX) return this.fail(path, `must be at most ${QUANTITY_MAX} units`);
    if (Math.abs(units - whole) > WHOLE_WITHIN) {
      return this.fail(
        path,
        `${quantity} is not a whole number of units of ${item.sku}; tell how many make one with an alias of its code`,
      );
    }
    if (whole < least) return this.fail(path, `must be at least ${least}`);
    return whole;
  }

  /** A place that the event names. */
  place(path: string, code: string): LocationId | undefined {
    if (URI.test(code) || code.startsWith("geo:")) return this.#placeOfUri(path, code);
    const told = this.context.codes.place(code);
    if (told !== undefined) return told;
    const problem = idProblem(code);
    return problem === undefined ? (code as LocationId) : this.fail(path, problem);
  }

  #placeOfUri(path: string, uri: string): LocationId | undefined {
    const named = identify(uri);
    if (named.kind === "malformed") return this.fail(path, `${uri.slice(0, 80)} ${named.message}`);
    const { codes } = this.context;
    if (named.kind !== "gln") return codes.place(uri);
    const part = named.extension === undefined ? undefined : codes.place(`${named.gln}.${named.extension}`);
    return part ?? codes.place(named.gln) ?? (named.gln as LocationId);
  }

  /** The one place that an event is about: as it names it, else where it came from. Both, when both are there, must agree. */
  home(path: string, code: string | undefined): LocationId | undefined {
    const { location, source } = this.context;
    if (code === undefined) {
      return location ?? this.fail(path, "must name the location: neither the event nor the way it came does");
    }
    const named = this.place(path, code);
    if (named === undefined || location === undefined || named === location) return named;
    return this.fail(
      path,
      `is location ${named}, but the event was sent for ${location}; send it there, or alias ${source}:${code}`,
    );
  }

  /** Of the event's own time, else of the envelope; undefined when neither says. */
  time(path: string, text: string | undefined, place: LocationId | undefined): EpochMs | undefined {
    if (text === undefined) return this.event.time;
    const read = readTime(text, place === undefined ? undefined : this.context.zoneOf(place));
    return "at" in read ? read.at : this.fail(path, read.problem);
  }

  /** Free text that goes along with movements. */
  text(path: string, text: string | undefined): string | undefined {
    const error = textError(path, text);
    return error === undefined ? text : this.fail(error.path, error.message);
  }
}
