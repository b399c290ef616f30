/**
 * What a business step of GS1's Core Business Vocabulary 2.0 does to stock. A step that is not here is an observation: it moves nothing.
 *
 * Commissioning and decommissioning put tags on and take them off; the goods were there before and are there after.
 */

import type { MovementType } from "../stock/index.ts";

export type Effect =
  | {
      readonly type: Exclude<MovementType, "void" | "count" | "adjustment">;
      readonly at: "arrival" | "departure";
      readonly reason?: string;
    }
  /** `sign`: whether units come or go. */
  | { readonly type: "adjustment"; readonly at: "arrival" | "departure"; readonly sign: 1 | -1; readonly reason: string }
  /** What was seen is all that was there. */
  | { readonly type: "count"; readonly at: "arrival"; readonly reason: string };

const EFFECTS: Readonly<Record<string, Effect>> = {
  receiving: { type: "receipt", at: "arrival" },
  shipping: { type: "ship", at: "departure" },
  void_shipping: { type: "adjustment", at: "departure", sign: 1, reason: "void_shipping" },
  retail_selling: { type: "sale", at: "departure" },
  dispensing: { type: "sale", at: "departure", reason: "dispensing" },
  destroying: { type: "damage", at: "departure", reason: "destroying" },
  picking: { type: "pick", at: "departure" },
  packing: { type: "pack", at: "departure" },
  storing: { type: "putaway", at: "arrival" },
  cycle_counting: { type: "count", at: "arrival", reason: "cycle_counting" },
  stock_taking: { type: "count", at: "arrival", reason: "stock_taking" },
};

const VOCABULARY = /^(?:urn:epcglobal:cbv:bizstep:|https?:\/\/(?:ref\.gs1\.org|ns\.gs1\.org)\/cbv\/BizStep-)/;
const DISPOSITION = /^(?:urn:epcglobal:cbv:disp:|https?:\/\/(?:ref\.gs1\.org|ns\.gs1\.org)\/cbv\/Disp-)/;

/** The bare word of the vocabulary. */
export const stepOf = (bizStep: string | undefined): string | undefined => bizStep?.replace(VOCABULARY, "");

/** Goods that come back are received with the disposition `returned`. */
export function effectOf(bizStep: string | undefined, disposition: string | undefined): Effect | undefined {
  const step = stepOf(bizStep);
  if (step === undefined || !Object.hasOwn(EFFECTS, step)) return undefined;
  if (step === "receiving" && disposition?.replace(DISPOSITION, "") === "returned") return { type: "return", at: "arrival" };
  return EFFECTS[step];
}
