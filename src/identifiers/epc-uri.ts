/**
 * EPC URIs, as the GS1 EPC Tag Data Standard writes them (sections 6 and 8): pure identities (`urn:epc:id:`), classes
 * (`urn:epc:class:`) and patterns of all serials of an item (`urn:epc:idpat:`).
 *
 * A URI has no check digit; it is computed. Schemes that stock has no use for are passed on as they are.
 */

import { checkDigitOf } from "./check-digit.ts";
import { type Identified, isQualifier, malformed } from "./identifier.ts";

const FORM = /^urn:epc:(id|class|idpat):([a-z0-9]+):(.+)$/;
const DIGITS = /^\d+$/;
/** Digits of company prefix and the reference behind it, together. */
const ITEM_DIGITS = 13;
const PLACE_DIGITS = 12;
const UNIT_DIGITS = 17;
const PREFIX_DIGITS = [6, 12] as const;
const ALL = "*";

export const isEpcUri = (text: string): boolean => text.startsWith("urn:epc:");

export function parseEpcUri(text: string): Identified {
  const found = FORM.exec(text);
  if (found === null) return malformed("must be urn:epc:id:, urn:epc:class: or urn:epc:idpat: with a scheme and a value");
  const [, kind, scheme = "", value = ""] = found;
  switch (`${kind}:${scheme}`) {
    case "id:sgtin":
      return sgtin(value);
    case "idpat:sgtin":
      return pattern(value);
    case "class:lgtin":
      return lgtin(value);
    case "id:sgln":
      return sgln(value);
    case "id:sscc":
      return sscc(value);
    default:
      return kind === "id" || kind === "class" || kind === "idpat"
        ? { kind: "other", scheme, value: text }
        : malformed("must be of a known kind");
  }
}

function sgtin(value: string): Identified {
  const [prefix = "", item = "", escaped, ...rest] = value.split(".");
  const gtin = gtinOf(prefix, item);
  const serial = joined(escaped, rest);
  if (gtin === undefined) return malformed(`must have ${ITEM_DIGITS} digits of company prefix and item in an sgtin`);
  return serial === undefined ? malformed("must end in a serial of 1 to 20 characters") : { kind: "gtin", gtin, serial };
}

/** `*` for the serial: all of the item. Patterns that leave more open name nothing that can be counted. */
function pattern(value: string): Identified {
  const [prefix = "", item = "", serial, ...rest] = value.split(".");
  const gtin = gtinOf(prefix, item);
  if (gtin === undefined || serial !== ALL || rest.length > 0) {
    return malformed("must be the pattern of one item, such as urn:epc:idpat:sgtin:4012345.098765.*");
  }
  return { kind: "gtin", gtin };
}

function lgtin(value: string): Identified {
  const [prefix = "", item = "", escaped, ...rest] = value.split(".");
  const gtin = gtinOf(prefix, item);
  const lot = joined(escaped, rest);
  if (gtin === undefined) return malformed(`must have ${ITEM_DIGITS} digits of company prefix and item in an lgtin`);
  return lot === undefined ? malformed("must end in a lot of 1 to 20 characters") : { kind: "gtin", gtin, lot };
}

function sgln(value: string): Identified {
  const [prefix = "", place = "", escaped, ...rest] = value.split(".");
  if (!isKey(prefix, place, PLACE_DIGITS))
    return malformed(`must have ${PLACE_DIGITS} digits of company prefix and place in an sgln`);
  const body = prefix + place;
  const gln = body + checkDigitOf(body);
  if (escaped === undefined) return { kind: "gln", gln };
  const extension = joined(escaped, rest);
  if (extension === undefined) return malformed("must end in an extension of 1 to 20 characters, 0 for none");
  return extension === "0" ? { kind: "gln", gln } : { kind: "gln", gln, extension };
}

function sscc(value: string): Identified {
  const [prefix = "", serial = "", ...rest] = value.split(".");
  if (!isKey(prefix, serial, UNIT_DIGITS) || rest.length > 0 || serial === "") {
    return malformed(`must have ${UNIT_DIGITS} digits of company prefix and serial reference in an sscc`);
  }
  const body = serial.slice(0, 1) + prefix + serial.slice(1);
  return { kind: "sscc", sscc: body + checkDigitOf(body) };
}

/** The indicator is the first digit of the item reference and comes first in the GTIN. */
function gtinOf(prefix: string, item: string): string | undefined {
  if (!isKey(prefix, item, ITEM_DIGITS) || item === "") return undefined;
  const body = item.slice(0, 1) + prefix + item.slice(1);
  return body + checkDigitOf(body);
}

function isKey(prefix: string, reference: string, digits: number): boolean {
  const [shortest, longest] = PREFIX_DIGITS;
  if (prefix.length < shortest || prefix.length > longest || prefix.length + reference.length !== digits) return false;
  return DIGITS.test(prefix + reference);
}

/** A serial may contain dots; what a URI cannot hold is percent-encoded in it. */
function joined(first: string | undefined, rest: readonly string[]): string | undefined {
  if (first === undefined) return undefined;
  const escaped = [first, ...rest].join(".");
  // The examples of the standard's own readers leave a lone percent sign as it is.
  const text = escaped.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return isQualifier(text) ? text : undefined;
}
