/**
 * The advance ship notice of ASC X12, transaction set 856 in releases 4010 to 4060: shipment, order, pack and item by their hierarchical levels.
 *
 * X1. The envelope must be whole: control numbers and counts of ISA, GS and ST agree with IEA, GE and SE.
 * X2. Each level names a parent that came before it. An item belongs to the order above it.
 */

import { type X12FatInterchange, type X12Interchange, X12Parser, type X12Segment } from "node-x12";
import type { LocationId } from "../base/index.ts";
import { gtin14Of } from "../identifiers/index.ts";
import type { Draft, Item } from "./draft.ts";
import { LINES_MAX } from "./form.ts";
import type { Interpretation } from "./interpretation.ts";

const LENGTH_MAX = 1_048_576;
const ISA_LENGTH = 105;
const ASN = "856";
/** Qualifiers of an item in LIN, in the order in which they are believed: the buyer's own id, keys of GS1, the vendor's id. */
const OWN_IDS = ["SK", "IN", "BP", "CB", "PI"];
const GTIN_IDS = ["UK", "EN", "UP", "UI", "UA", "EO"];
const VENDOR_IDS = ["VN", "VP", "VC", "VA"];
/** Units of measure that are pieces. */
const PIECES: ReadonlySet<string> = new Set(["EA", "PC", "UN", "PCS", "EACH"]);
const DUE_DATES = ["017", "067", "002"];

export function interpretX12(text: string, draft: Draft): Interpretation {
  const segments = transactions(text, draft);
  for (const transaction of segments) new ShipNotice(transaction, draft).read();
  return draft.result("asn tells of supply to come; stock moves when it is received");
}

function transactions(text: string, draft: Draft): readonly (readonly X12Segment[])[] {
  if (text.length > LENGTH_MAX) draft.fail("/data", `must have at most ${LENGTH_MAX} characters`);
  if (!text.trimStart().startsWith("ISA"))
    draft.fail("/data", "must be a form of the source, or an X12 interchange that begins with ISA");
  if (draft.failed) return [];
  const interchanges = parsed(ended(text.trim()), draft);
  const groups = interchanges.flatMap(({ functionalGroups }) => functionalGroups);
  const all = groups.flatMap((group) => group.transactions);
  // The parser takes an interchange that was cut off for one that goes on.
  const isCutOff = [...interchanges, ...groups, ...all].some(({ trailer }) => trailer === undefined);
  if (isCutOff) draft.fail("/data", "is no whole X12 interchange: SE, GE or IEA is missing");
  const other = all.find(({ header }) => elementOf(header, 1) !== ASN);
  if (other !== undefined) draft.fail("/data", `holds a transaction set ${elementOf(other.header, 1)}; only ${ASN} is taken`);
  if (all.length === 0) draft.fail("/data", `holds no transaction set ${ASN}`);
  return draft.failed ? [] : all.map((transaction) => transaction.segments);
}

/** The last segment may lack its end, as files that were trimmed do. What ends a segment is the character behind ISA, which has a fixed length. */
function ended(text: string): string {
  const end = text[ISA_LENGTH] ?? "";
  return text.endsWith(end) ? text : text + end;
}

/** The parser says what is wrong by throwing. */
function parsed(text: string, draft: Draft): readonly X12Interchange[] {
  try {
    const found: X12Interchange | X12FatInterchange = new X12Parser(true).parse(text);
    return "interchanges" in found ? found.interchanges : [found];
  } catch (error) {
    draft.fail("/data", `is no whole X12 interchange: ${error instanceof Error ? error.message : String(error)}`.slice(0, 256));
    return [];
  }
}

interface Level {
  readonly code: string;
  readonly parent: Level | undefined;
  order?: string;
  due?: string;
}

class ShipNotice {
  readonly #segments: readonly X12Segment[];
  readonly #draft: Draft;
  readonly #levels = new Map<string, Level>();
  #level: Level | undefined;
  #shipment: string | undefined;
  #place: LocationId | undefined;
  #item: { readonly item: Item; readonly path: string } | undefined;
  #lines = 0;

  constructor(segments: readonly X12Segment[], draft: Draft) {
    this.#segments = segments;
    this.#draft = draft;
    this.#place = draft.context.location;
  }

  read(): void {
    for (const [index, segment] of this.#segments.entries()) this.#segment(segment, `/data/${index + 2}/${segment.tag}`);
    if (this.#shipment === undefined) this.#draft.fail("/data", "lacks BSN, the id of the shipment");
    if (this.#lines === 0) this.#draft.fail("/data", "has no item with LIN and SN1");
  }

  #segment(segment: X12Segment, path: string): void {
    switch (segment.tag) {
      case "BSN":
        this.#shipment = elementOf(segment, 2) || this.#draft.fail(`${path}02`, "must be the id of the shipment");
        return;
      case "HL":
        return this.#enter(segment, path);
      case "PRF":
        if (this.#level !== undefined) this.#level.order = elementOf(segment, 1);
        return;
      case "DTM":
        return this.#date(segment, path);
      case "N1":
        return this.#party(segment, path);
      case "LIN":
        return this.#identify(segment, path);
      case "SN1":
        return this.#expect(segment, path);
    }
  }

  #enter(segment: X12Segment, path: string): void {
    const [id, above, code] = [elementOf(segment, 1), elementOf(segment, 2), elementOf(segment, 3)];
    const parent = this.#levels.get(above);
    if (id === "" || this.#levels.has(id)) this.#draft.fail(`${path}01`, "must be an id that no level before has");
    if (above !== "" && parent === undefined) this.#draft.fail(`${path}02`, `${above} is no level before this one`);
    if (!/^[A-Z]{1,2}$/.test(code)) this.#draft.fail(`${path}03`, "must say what the level is, such as S, O, P or I");
    this.#level = { code, parent };
    this.#levels.set(id, this.#level);
    this.#item = undefined;
  }

  #date(segment: X12Segment, path: string): void {
    if (!DUE_DATES.includes(elementOf(segment, 1)) || this.#level === undefined) return;
    const found = /^(\d{4})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.exec(elementOf(segment, 2));
    if (found === null) this.#draft.fail(`${path}02`, "must be a date as CCYYMMDD");
    else this.#level.due ??= `${found[1]}-${found[2]}-${found[3]}`;
  }

  /** Ship-to of the whole shipment; parties of an order are whom it is marked for. */
  #party(segment: X12Segment, path: string): void {
    if (elementOf(segment, 1) !== "ST" || this.#level?.code !== "S") return;
    const code = elementOf(segment, 4);
    if (code !== "") this.#place = this.#draft.home(`${path}04`, code);
  }

  #identify(segment: X12Segment, path: string): void {
    const ids = new Map<string, string>();
    for (let at = 2; elementOf(segment, at) !== ""; at += 2) ids.set(elementOf(segment, at), elementOf(segment, at + 1));
    const item = this.#itemOf(ids, path);
    this.#item = item === undefined ? undefined : { item, path };
  }

  /** A GTIN whose check digit is wrong yields to the vendor's own id, when there is one. */
  #itemOf(ids: ReadonlyMap<string, string>, path: string): Item | undefined {
    const first = (names: readonly string[]): string | undefined =>
      names.map((name) => ids.get(name)).find((id) => id !== undefined && id !== "");
    const [own, gtin, vendor] = [first(OWN_IDS), first(GTIN_IDS), first(VENDOR_IDS)];
    if (own !== undefined) return this.#draft.item(path, own);
    if (gtin !== undefined && (vendor === undefined || gtin14Of(gtin) !== undefined)) return this.#draft.gtin(path, gtin);
    return vendor === undefined
      ? this.#draft.fail(path, "names no item by a qualifier that is known")
      : this.#draft.item(path, vendor);
  }

  #expect(segment: X12Segment, path: string): void {
    const [text, measure] = [elementOf(segment, 2), elementOf(segment, 3)];
    if (!/^\d{1,10}(\.\d{1,6})?$/.test(text) || Number(text) === 0) this.#draft.fail(`${path}02`, "must be a quantity above 0");
    if (this.#item === undefined) this.#draft.fail(path, "must follow the LIN of its item");
    if (++this.#lines > LINES_MAX) this.#draft.fail(path, `is one of more than ${LINES_MAX} items`);
    if (this.#item === undefined || this.#draft.failed) return;
    const { item } = this.#item;
    const pieces = PIECES.has(measure);
    const quantity = pieces ? this.#draft.units(`${path}02`, Number(text), item) : undefined;
    const detail = { order: this.#of("order"), due: this.#of("due"), ...(pieces ? {} : { quantity: Number(text), measure }) };
    this.#draft.signal({ kind: "asn", sku: item.sku, location: this.#place, quantity, reference: this.#shipment, detail });
  }

  /** From the level itself, or the nearest above it. */
  #of(name: "order" | "due"): string | undefined {
    for (let level = this.#level; level !== undefined; level = level.parent) if (level[name] !== undefined) return level[name];
    return undefined;
  }
}

/** Element `at`, from 1; empty when there is none. */
const elementOf = (segment: X12Segment | undefined, at: number): string => segment?.elements[at - 1]?.value.trim() ?? "";
