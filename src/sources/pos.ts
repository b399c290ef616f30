/**
 * Tills. A finished transaction sells and takes back; a suspended or abandoned one moves nothing and is demand; a void undoes another transaction.
 *
 * P1. The id of a movement is that of its event and the SequenceNumber of its line.
 * P2. The own key of a transaction is `<RetailStoreID>/<WorkstationID>/<BusinessDayDate>/<SequenceNumber>`. Where the ids of events begin with it, a link to
 *     another transaction names the movements of that one; elsewhere a link has to carry `EventID`.
 */

import type { EpochMs, LocationId } from "../base/index.ts";
import { QUARANTINE_REASON } from "../stock/index.ts";
import { Draft, type Item } from "./draft.ts";
import { problemOf } from "./form.ts";
import type { Interpretation, SourceContext, SourceEvent } from "./interpretation.ts";
import {
  ABANDONED,
  flagOf,
  MOVES_STOCK,
  OPEN,
  otherKindOf,
  type Poslog,
  type PoslogGoods,
  type PoslogLink,
  type PoslogRetail,
  poslogCheck,
} from "./pos-form.ts";
import { type GoodsLine, goodsLines } from "./pos-lines.ts";

export function interpretPos(event: SourceEvent, context: SourceContext): Interpretation {
  const { data } = event;
  if (!poslogCheck.passes(data)) return problemOf(poslogCheck, data);
  const draft = new Draft(event, context);
  const location = draft.home("/data/RetailStoreID", data.RetailStoreID);
  const ended = data.EndDateTime === undefined ? "BeginDateTime" : "EndDateTime";
  const at = draft.time(`/data/${ended}`, data[ended], location);
  const retail = data.RetailTransaction;
  if (retail === undefined) return withoutGoods(data, draft);
  if (location === undefined || draft.failed) return draft.result("");
  return new Transaction(data, retail, { location, at }, draft).interpret();
}

function withoutGoods(poslog: Poslog, draft: Draft): Interpretation {
  const kind = otherKindOf(poslog);
  if (kind === undefined) draft.fail("/data", "lacks RetailTransaction, or another kind of transaction");
  return draft.result(`a ${kind} moves no stock`);
}

interface Scene {
  readonly location: LocationId;
  readonly at: EpochMs | undefined;
}

class Transaction {
  readonly #poslog: Poslog;
  readonly #retail: PoslogRetail;
  readonly #scene: Scene;
  readonly #draft: Draft;

  constructor(poslog: Poslog, retail: PoslogRetail, scene: Scene, draft: Draft) {
    this.#poslog = poslog;
    this.#retail = retail;
    this.#scene = scene;
    this.#draft = draft;
  }

  interpret(): Interpretation {
    const { TransactionStatus: status = "Finished", TransactionLink: link } = this.#retail;
    if (link !== undefined && link.ReasonCode === undefined) {
      this.#draft.fail("/data/RetailTransaction/TransactionLink", "lacks ReasonCode: whether this voids the other transaction");
    }
    const lines = goodsLines(this.#retail, this.#draft);
    if (flagOf(this.#poslog.TrainingModeFlag)) return this.#draft.result("a transaction of training");
    if (flagOf(this.#poslog.CancelFlag) || ABANDONED.has(status)) return this.#basket("basket-abandoned", lines);
    if (status === "Suspended") return this.#basket("basket-suspended", lines);
    if (OPEN.has(status)) return this.#draft.result(`a transaction that is ${status} has moved nothing yet`);
    const isVoid = status === "PostVoided" || link?.ReasonCode === "Void" || link?.ReasonCode === "PostVoid";
    if (isVoid) return this.#void(link ?? this.#poslog, lines);
    for (const line of lines) this.#finished(line);
    return this.#draft.result("no line of the transaction moves stock");
  }

  #basket(kind: string, lines: readonly GoodsLine[]): Interpretation {
    for (const line of lines) {
      const item = this.#itemOf(line);
      if (item === undefined) continue;
      const { quantity } = line;
      this.#draft.signal({
        kind,
        ...this.#scene,
        sku: item.sku,
        quantity: quantity * item.units,
        reference: keyOf(this.#poslog),
      });
    }
    return this.#draft.result(kind === "basket-suspended" ? "a suspended basket" : "an abandoned basket");
  }

  #finished(line: GoodsLine): void {
    const { kind, goods, number } = line;
    const counted = this.#counted(line);
    if (counted === undefined) return;
    const sold = { ...counted, reference: keyOf(this.#poslog) };
    if (kind === "Sale") return this.#draft.move(number, { type: "sale", ...sold });
    this.#draft.move(number, { type: "return", ...sold, reverses: this.#returned(goods.TransactionLink) });
    const method = goods.Disposal?.Method;
    if (method === undefined || method === "ReturnToStock") return;
    const reason = method === "Destroyed" ? "destroyed" : QUARANTINE_REASON;
    this.#draft.move(`${number}.2`, { type: "damage", ...sold, reason });
  }

  /** The sale that a return follows from, when the ids of events tell. */
  #returned(link: PoslogLink | undefined): string | undefined {
    if (link?.LineItemSequenceNumber === undefined) return undefined;
    const event = this.#eventOf(link);
    return event === undefined ? undefined : `${this.#draft.event.source} ${event}-${Number(link.LineItemSequenceNumber)}`;
  }

  #void(other: Poslog | PoslogLink, lines: readonly GoodsLine[]): Interpretation {
    const event = this.#eventOf(other);
    const path = "/data/RetailTransaction/TransactionLink";
    if (event === undefined) {
      this.#draft.fail(
        path,
        "must have EventID, the id of the event that is voided: ids of this source do not begin with the key of their transaction",
      );
    } else if (event === this.#draft.event.id) {
      this.#draft.fail("/id", "must not be the id of the event that is voided");
    }
    if (lines.length === 0)
      this.#draft.fail("/data/RetailTransaction/LineItem", "must repeat the lines of the transaction that is voided");
    for (const line of lines) this.#voidLine(line, event ?? "");
    return this.#draft.result("no line of the voided transaction moved stock");
  }

  #voidLine(line: GoodsLine, event: string): void {
    const counted = this.#counted(line);
    if (counted === undefined) return;
    const undone = Number(line.goods.TransactionLink?.LineItemSequenceNumber ?? line.number);
    const reverses = `${this.#draft.event.source} ${event}-${undone}`;
    this.#draft.move(line.number, { type: "void", ...counted, reason: "void", reverses });
  }

  #eventOf(other: Poslog | PoslogLink): string | undefined {
    const given = "EventID" in other ? other.EventID : undefined;
    if (given !== undefined) return given;
    if (!beginsWith(this.#draft.event.id, keyOf(this.#poslog))) return undefined;
    return keyOf({ ...other, RetailStoreID: other.RetailStoreID ?? this.#poslog.RetailStoreID });
  }

  #counted(
    line: GoodsLine,
  ): { sku: Item["sku"]; location: LocationId; quantity: number; occurredAt?: EpochMs; serials?: string[] } | undefined {
    const item = this.#itemOf(line);
    if (item === undefined) return undefined;
    const quantity = this.#draft.units(`${line.path}/Quantity`, line.quantity, item);
    if (quantity === undefined) return undefined;
    const { location, at } = this.#scene;
    const serial = this.#draft.text(`${line.path}/SerialNumber`, line.goods.SerialNumber) ?? item.serial;
    return {
      ...{ sku: item.sku, location, quantity },
      ...(at === undefined ? {} : { occurredAt: at }),
      ...(serial === undefined ? {} : { serials: [serial] }),
    };
  }

  /** Undefined, without a problem, for what is no stock. */
  #itemOf({ goods, path }: GoodsLine): Item | undefined {
    if (!MOVES_STOCK.has(goods.ItemType ?? "Stock")) return undefined;
    return itemOf(goods, path, this.#draft);
  }
}

/** The retailer's own id, when there is one; what was scanned otherwise. The same text under both is what was scanned. */
function itemOf({ ItemID, POSIdentity }: PoslogGoods, path: string, draft: Draft): Item | undefined {
  const scanned = POSIdentity?.POSItemID;
  if (ItemID !== undefined && ItemID !== scanned) return draft.item(`${path}/ItemID`, ItemID);
  if (scanned === undefined)
    return ItemID === undefined ? draft.fail(path, "lacks ItemID or POSIdentity") : draft.item(`${path}/ItemID`, ItemID);
  const where = `${path}/POSIdentity/POSItemID`;
  return POSIdentity?.POSIDType === "GTIN" ? draft.gtin(where, scanned) : draft.item(where, scanned);
}

interface Key {
  readonly RetailStoreID?: string | undefined;
  readonly WorkstationID: string;
  readonly BusinessDayDate: string;
  readonly SequenceNumber: number | string;
}

const keyOf = ({ RetailStoreID = "", WorkstationID, BusinessDayDate, SequenceNumber }: Key): string =>
  `${RetailStoreID}/${WorkstationID}/${BusinessDayDate}/${Number(SequenceNumber)}`;

/** The key of transaction 11 does not begin the id of transaction 114. */
const beginsWith = (id: string, key: string): boolean => id.startsWith(key) && !/^\d/.test(id.slice(key.length));
