/**
 * The lines of a transaction, with what was voided within it taken out.
 *
 * V1. A line with VoidFlag and a quantity above zero was itself voided: it does not count.
 * V2. One with VoidFlag and a quantity below zero takes back earlier lines of the same goods, newest first. There must be enough of them.
 */

import type { Draft } from "./draft.ts";
import { flagOf, type PoslogGoods, type PoslogRetail } from "./pos-form.ts";

export interface GoodsLine {
  readonly kind: "Sale" | "Return";
  readonly goods: PoslogGoods;
  /** Of the line in its transaction. */
  readonly number: number;
  readonly path: string;
  /** What is left of it, above zero. */
  readonly quantity: number;
}

/** A hundredth of the smallest part of a unit that a till weighs. */
const SCALE = 1e6;

export function goodsLines(retail: PoslogRetail, draft: Draft): GoodsLine[] {
  const lines: { kind: GoodsLine["kind"]; goods: PoslogGoods; number: number; path: string; quantity: number }[] = [];
  const numbers = new Set<number>();
  for (const [index, line] of retail.LineItem.entries()) {
    const path = `/data/RetailTransaction/LineItem/${index}`;
    const number = Number(line.SequenceNumber);
    if (numbers.has(number)) draft.fail(`${path}/SequenceNumber`, `${number} was given before in this transaction`);
    numbers.add(number);
    if (line.Sale !== undefined && line.Return !== undefined) draft.fail(path, "must not have both Sale and Return");
    const kind = line.Sale === undefined ? "Return" : "Sale";
    const goods = line[kind];
    if (goods === undefined) continue;
    const quantity = Number(goods.Quantity);
    const isVoid = flagOf(line.VoidFlag);
    const wrong = wrongQuantity(quantity, isVoid);
    if (wrong !== undefined) draft.fail(`${path}/${kind}/Quantity`, wrong);
    else if (!isVoid) lines.push({ kind, goods, number, path: `${path}/${kind}`, quantity });
    else if (quantity < 0 && !takeBack(lines, kind, codeOf(goods), -quantity)) {
      draft.fail(`${path}/VoidFlag`, "voids more than was rung up before it in this transaction");
    }
  }
  return lines.filter(({ quantity }) => quantity > 0);
}

function wrongQuantity(quantity: number, isVoid: boolean): string | undefined {
  if (quantity === 0) return "must not be 0";
  return quantity < 0 && !isVoid
    ? "must be above 0; goods that come back are a Return, what is taken back has VoidFlag"
    : undefined;
}

function takeBack(
  lines: { kind: string; goods: PoslogGoods; quantity: number }[],
  kind: string,
  code: string,
  quantity: number,
): boolean {
  let left = quantity;
  for (let index = lines.length - 1; index >= 0 && left > 0; index--) {
    const line = lines[index] as (typeof lines)[number];
    if (line.kind !== kind || codeOf(line.goods) !== code) continue;
    const taken = Math.min(left, line.quantity);
    line.quantity = Math.round((line.quantity - taken) * SCALE) / SCALE;
    left = Math.round((left - taken) * SCALE) / SCALE;
  }
  return left === 0;
}

const codeOf = (goods: PoslogGoods): string => goods.ItemID ?? goods.POSIdentity?.POSItemID ?? "";
