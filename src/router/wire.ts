/**
 * The messages between routers: msgpack arrays `[format, 0, id, ...command]` for an ask and `[format, 1, id, ...answer]` for its answer. Another format, or a
 * command that is not known, is not answered: two versions that cannot talk see each other as away.
 */

import { Packr } from "msgpackr";
import { answerOfRow, rowOfAnswer } from "./answer-codec.ts";
import type { Answer, Command } from "./command.ts";
import { commandOfRow, rowOfCommand } from "./command-codec.ts";

const FORMAT = 1;
const ASK = 0;
const ANSWER = 1;
const HEAD_FIELDS = 3;

export type Message =
  | { readonly kind: "ask"; readonly id: number; readonly command: Command }
  | { readonly kind: "answer"; readonly id: number; readonly answer: Answer };

const packr = new Packr({ useRecords: false, mapsAsObjects: true, encodeUndefinedAsNil: true });

export function encodeAsk(id: number, command: Command): Uint8Array {
  return packr.pack([FORMAT, ASK, id, ...rowOfCommand(command)]);
}

export function encodeAnswer(id: number, answer: Answer): Uint8Array {
  return packr.pack([FORMAT, ANSWER, id, ...rowOfAnswer(answer)]);
}

/** Undefined for what is no message of this format. */
export function decodeMessage(bytes: Uint8Array): Message | undefined {
  const row = unpack(bytes);
  if (!Array.isArray(row) || row[0] !== FORMAT) return undefined;
  const [, kind, id] = row as [number, number, number];
  const body = row.slice(HEAD_FIELDS);
  if (kind === ASK) {
    const command = commandOfRow(body);
    return command && { kind: "ask", id, command };
  }
  const answer = kind === ANSWER ? answerOfRow(body) : undefined;
  return answer && { kind: "answer", id, answer };
}

function unpack(bytes: Uint8Array): unknown {
  try {
    return packr.unpack(bytes);
  } catch {
    return undefined;
  }
}
