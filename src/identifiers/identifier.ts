/** What an identifier names, whatever it was written as: a trade item, a place, a logistic unit, or something that stock does not know. */

export type Identifier =
  /** `gtin`: 14 digits. `expiry`: `YYYY-MM-DD`. Without a serial it names a class, with a lot one of its batches. */
  | {
      readonly kind: "gtin";
      readonly gtin: string;
      readonly lot?: string;
      readonly serial?: string;
      readonly expiry?: string;
    }
  /** `gln`: 13 digits; the extension names a part of the place. */
  | { readonly kind: "gln"; readonly gln: string; readonly extension?: string }
  /** `sscc`: 18 digits. */
  | { readonly kind: "sscc"; readonly sscc: string }
  /** Returnable and individual assets, documents, parties, and whatever has another scheme. `value` is as written. */
  | { readonly kind: "other"; readonly scheme: string; readonly value: string };

/** An identifier, or why the text is none; `message` begins with "must". */
export type Identified = Identifier | { readonly kind: "malformed"; readonly message: string };

export const malformed = (message: string): { readonly kind: "malformed"; readonly message: string } => ({
  kind: "malformed",
  message,
});

/** Characters of AI encodable character set 82, of which lots, serials and extensions are made; 20 at most. */
const QUALIFIER = /^[!"%&'()*+,\-./0-9:;<=>?A-Z_a-z]{1,20}$/;

export const isQualifier = (text: string): boolean => QUALIFIER.test(text);
