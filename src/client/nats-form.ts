/** The two forms of a body on NATS. A reply comes in the form of its request. */

import { headers, type Msg, type MsgHdrs } from "@nats-io/nats-core";
import { Packr, Unpackr } from "msgpackr";
import { StockGridFault } from "./fault.ts";

export type NatsEncoding = "json" | "msgpack";

export interface NatsForm {
  encode(body: unknown): Uint8Array;
  /** Throws StockGridFault for what cannot be read. */
  decode(message: Msg): unknown;
  readonly headers: MsgHdrs | undefined;
}

const MSGPACK = "application/msgpack";
/** `skipValues` leaves out what JSON leaves out; the library knows it, its types do not. */
const PACKING = { useRecords: false, skipValues: [undefined] };

const packr = new Packr(PACKING);
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: "number" });

export function natsForm(encoding: NatsEncoding): NatsForm {
  return encoding === "json" ? JSON_FORM : msgpackForm();
}

const JSON_FORM: NatsForm = {
  encode: (body) => Buffer.from(JSON.stringify(body)),
  decode: (message) => readable(() => message.json<unknown>()),
  headers: undefined,
};

function msgpackForm(): NatsForm {
  const asked = headers();
  asked.set("Content-Type", MSGPACK);
  return {
    encode: (body) => packr.pack(body),
    // A problem found before the form was known may come as JSON.
    decode: (message) =>
      readable(() => (message.headers?.get("Content-Type") === MSGPACK ? unpackr.unpack(message.data) : message.json<unknown>())),
    headers: asked,
  };
}

function readable(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    throw new StockGridFault({ code: "unexpected-answer", message: "the answer cannot be read", cause: error });
  }
}
