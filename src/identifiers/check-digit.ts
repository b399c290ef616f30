/**
 * The check digit of GS1 keys: GTIN, GLN, SSCC and whatever else ends in one.
 *
 * GS1 General Specifications, section 7.9: digits are weighed 3, 1, 3, ... from the right, the check digit makes the sum a multiple of ten.
 */

const DIGITS = /^\d+$/;
const ZERO = 48;

/** The digit to append to `body`, which must be one or more digits: else undefined. */
export function checkDigitOf(body: string): string | undefined {
  if (!DIGITS.test(body)) return undefined;
  let sum = 0;
  for (let index = body.length - 1, weight = 3; index >= 0; index--, weight = 4 - weight) {
    sum += weight * (body.charCodeAt(index) - ZERO);
  }
  return String((10 - (sum % 10)) % 10);
}

/** Whether the last digit is the right one; false for anything but two or more digits. */
export function hasCheckDigit(key: string): boolean {
  return key.length > 1 && checkDigitOf(key.slice(0, -1)) === key.slice(-1) && DIGITS.test(key);
}
