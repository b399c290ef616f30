/**
 * Bodies on the wire: which of the two forms a request speaks, and the bytes of both directions.
 *
 * The reply speaks as the request did. JSON replies carry no headers at all: building and parsing them costs more than
 * the reservation.
 */

import { headers, InvalidArgumentError, Match, type Msg, type MsgHdrs } from "@nats-io/nats-core";
import type { Problem } from "../contract/index.ts";
import { type Answer, answerJson, answerValue } from "./answer.ts";
import { decodeMsgpack, encodeMsgpack, MsgpackUnreadable } from "./msgpack.ts";
import { unknownFormProblem, unreadableProblem } from "./refusals.ts";

export interface BodyForm {
  readonly contentType: "application/json" | "application/msgpack";
  /** Throws {@link BodyUnreadable}. */
  decode(bytes: Uint8Array): unknown;
  encode(answer: Answer): Uint8Array;
  /** Headers of a good answer. Shared: never changed. */
  readonly headers: MsgHdrs | undefined;
}

/** The bytes are no value at all. The message is for the caller. */
export class BodyUnreadable extends Error {
  override readonly name = "BodyUnreadable";
}

const CONTENT_TYPE = "Content-Type";
const utf8 = new TextDecoder("utf-8", { fatal: true });

export const JSON_FORM: BodyForm = {
  contentType: "application/json",
  decode: decodeJson,
  encode: encodeJson,
  headers: undefined,
};

export const MSGPACK_FORM: BodyForm = {
  contentType: "application/msgpack",
  decode: decodeMsgpackBody,
  encode: (answer) => encodeMsgpack(answerValue(answer)),
  headers: headersWith(CONTENT_TYPE, "application/msgpack"),
};

/** The form a request speaks, JSON unless it says otherwise; or the problem with what it says. */
export function bodyFormOf(message: Msg): BodyForm | Problem {
  const said = contentTypeOf(message);
  if (said === undefined) return unreadableProblem("the headers cannot be read");
  if (said === "" || said === JSON_FORM.contentType) return JSON_FORM;
  return said === MSGPACK_FORM.contentType ? MSGPACK_FORM : unknownFormProblem();
}

export function isBodyForm(it: BodyForm | Problem): it is BodyForm {
  return "decode" in it;
}

/** The media type in lower case, without parameters; empty when none is given, undefined when the headers are no headers. */
function contentTypeOf(message: Msg): string | undefined {
  try {
    const { headers: given } = message;
    if (given === undefined) return "";
    const value = given.get(CONTENT_TYPE, Match.IgnoreCase);
    return (value.split(";", 1)[0] as string).trim().toLowerCase();
  } catch (error) {
    if (error instanceof InvalidArgumentError) return undefined;
    throw error;
  }
}

function decodeJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (error) {
    throw new BodyUnreadable("the body is not UTF-8", { cause: error });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new BodyUnreadable(`the body is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

/** Into the pool of small buffers: the client library's own encoding of a string allocates each time, three times the cost. */
function encodeJson(answer: Answer): Uint8Array {
  return Buffer.from(answerJson(answer));
}

function decodeMsgpackBody(bytes: Uint8Array): unknown {
  try {
    return decodeMsgpack(bytes);
  } catch (error) {
    if (error instanceof MsgpackUnreadable) throw new BodyUnreadable(`the msgpack body ${error.message}`, { cause: error });
    throw new BodyUnreadable("the body is not msgpack", { cause: error });
  }
}

function headersWith(name: string, value: string): MsgHdrs {
  const built = headers();
  built.set(name, value);
  return built;
}
