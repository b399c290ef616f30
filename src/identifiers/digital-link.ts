/**
 * GS1 Digital Link URIs (URI Syntax 1.x, uncompressed): a web address whose path holds a key and its qualifiers by their Application
 * Identifiers, and whose query may hold more of them.
 *
 * The last key in the path whose rest is its qualifiers, in their order, is the one that is meant; what is before it belongs to the domain.
 */

import { type Identified, type Identifier, isQualifier, malformed } from "./identifier.ts";
import { gtin14Of, isGln, isSscc } from "./keys.ts";

/** Keys that stock knows, each with its qualifiers in the order in which a path has them. */
const QUALIFIERS: Readonly<Record<string, readonly string[]>> = {
  "00": [],
  "01": ["22", "10", "21", "235"],
  "414": ["254", "7040"],
};
/** Names that the first edition of the standard had for keys and qualifiers. */
const NAMES: Readonly<Record<string, string>> = { gtin: "01", sscc: "00", gln: "414", cpv: "22", lot: "10", ser: "21" };
/** Keys of other things: documents, assets, parties, coupons, services. */
const OTHER_KEYS: ReadonlySet<string> = new Set([
  "253",
  "255",
  "402",
  "401",
  "415",
  "417",
  "8003",
  "8004",
  "8006",
  "8010",
  "8013",
  "8017",
  "8018",
]);
const URI = /^https?:\/\/(?:[^\s/?#@]*@)?[A-Za-z0-9._\-:[\]]+(\/[^\s?#]*)(?:\?([^\s#]*))?(?:#\S*)?$/i;
/** Characters that no URI holds as they are. */
const UNSAFE = /[<>{}|\\^`"]/;
const EXPIRY = /^(\d\d)(0[1-9]|1[0-2])([0-3]\d)$/;

export const isWebUri = (text: string): boolean => /^https?:/i.test(text);

/** A web address without a key in it is `other`, of the scheme `uri`: EPCIS allows private ones. */
export function parseDigitalLink(text: string): Identified {
  const found = URI.exec(text);
  if (found === null || UNSAFE.test(text)) return malformed("must be a web address");
  const [, path = "", query = ""] = found;
  const parts = decodedParts(path.slice(1).split("/"));
  if (parts === undefined) return malformed("must be percent-encoded UTF-8");
  for (let at = parts.length - 2; at >= 0; at--) {
    const key = codeOf(parts[at] as string);
    if (OTHER_KEYS.has(key)) return { kind: "other", scheme: key, value: text };
    const order = QUALIFIERS[key];
    if (order === undefined) continue;
    const qualifiers = qualifiersOf(parts.slice(at + 2), order);
    if (qualifiers !== undefined) return identifierOf(key, parts[at + 1] as string, new Map([...queryOf(query), ...qualifiers]));
  }
  return { kind: "other", scheme: "uri", value: text };
}

const codeOf = (part: string): string => NAMES[part] ?? part;

function decodedParts(parts: readonly string[]): string[] | undefined {
  try {
    return parts.map(decodeURIComponent);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** Pairs behind a key; undefined when one is no qualifier of it, or out of order. */
function qualifiersOf(parts: readonly string[], order: readonly string[]): Map<string, string> | undefined {
  if (parts.length % 2 !== 0) return undefined;
  const found = new Map<string, string>();
  let next = 0;
  for (let at = 0; at < parts.length; at += 2) {
    const code = codeOf(parts[at] as string);
    const place = order.indexOf(code, next);
    if (place < 0) return undefined;
    next = place + 1;
    found.set(code, parts[at + 1] as string);
  }
  return found;
}

/** What the query says of Application Identifiers; anything else there is for the web site. */
function queryOf(query: string): Map<string, string> {
  const pairs = query.split("&").map((pair) => /^(\d{2,4})=(.*)$/.exec(pair));
  return new Map(pairs.flatMap((found) => (found === null ? [] : [[found[1] as string, found[2] as string]])));
}

function identifierOf(key: string, value: string, qualifiers: ReadonlyMap<string, string>): Identified {
  switch (key) {
    case "01":
      return itemOf(value, qualifiers);
    case "414":
      return placeOf(value, qualifiers.get("254"));
    default:
      return isSscc(value)
        ? { kind: "sscc", sscc: value }
        : malformed("must have 18 digits with a right check digit behind /00/");
  }
}

function itemOf(value: string, qualifiers: ReadonlyMap<string, string>): Identified {
  const gtin = gtin14Of(value);
  // Of a shorter GTIN only the 14 digits with leading zeros, or the 13 and 12 of its bar code, are allowed in a link.
  if (gtin === undefined) return malformed("must have a GTIN with a right check digit behind /01/");
  const [lot, serial, expiry] = [qualifiers.get("10"), qualifiers.get("21"), qualifiers.get("17")];
  if (lot !== undefined && !isQualifier(lot)) return malformed("must have a lot of 1 to 20 characters behind /10/");
  if (serial !== undefined && !isQualifier(serial)) return malformed("must have a serial of 1 to 20 characters behind /21/");
  const date = expiry === undefined ? undefined : dateOf(expiry);
  if (expiry !== undefined && date === undefined) return malformed("must have an expiry date as YYMMDD in 17");
  const item: Identifier = {
    kind: "gtin",
    gtin,
    ...(lot === undefined ? {} : { lot }),
    ...(serial === undefined ? {} : { serial }),
    ...(date === undefined ? {} : { expiry: date }),
  };
  return item;
}

function placeOf(gln: string, extension: string | undefined): Identified {
  if (!isGln(gln)) return malformed("must have 13 digits with a right check digit behind /414/");
  if (extension !== undefined && !isQualifier(extension))
    return malformed("must have an extension of 1 to 20 characters behind /254/");
  return extension === undefined || extension === "0" ? { kind: "gln", gln } : { kind: "gln", gln, extension };
}

/** `YYMMDD` of this century; day 00 is the last of the month. */
function dateOf(text: string): string | undefined {
  const found = EXPIRY.exec(text);
  if (found === null) return undefined;
  const [year, month] = [2_000 + Number(found[1]), Number(found[2])];
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const day = Number(found[3]) === 0 ? last : Number(found[3]);
  return day > last ? undefined : `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
}
