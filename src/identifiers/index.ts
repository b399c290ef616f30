/** Identifiers of GS1: check digits, keys, EPC URIs and Digital Links, read into what they name. */
export { checkDigitOf, hasCheckDigit } from "./check-digit.ts";
export type { Identified, Identifier } from "./identifier.ts";
export { identify } from "./identify.ts";
export { gtin14Of, isGln, isSscc } from "./keys.ts";
