/** Keys of GS1 as digits: GTIN in its normal form of 14 digits, GLN of 13, SSCC of 18. */

import { hasCheckDigit } from "./check-digit.ts";

const GTIN_LENGTHS: ReadonlySet<number> = new Set([8, 12, 13, 14]);
const GTIN_LENGTH = 14;
const GLN_LENGTH = 13;
const SSCC_LENGTH = 18;

/** GTIN-8, -12, -13 or -14 as 14 digits, filled with zeros on the left; undefined when it is none, or its check digit is wrong. */
export function gtin14Of(text: string): string | undefined {
  return GTIN_LENGTHS.has(text.length) && hasCheckDigit(text) ? text.padStart(GTIN_LENGTH, "0") : undefined;
}

export const isGln = (text: string): boolean => text.length === GLN_LENGTH && hasCheckDigit(text);

export const isSscc = (text: string): boolean => text.length === SSCC_LENGTH && hasCheckDigit(text);
