/**
 * How far an output has got in every lane, as text in a header: `<check> <lane>:<record> ...`, with `*` before the lanes when the output
 * was made anew. About 25 bytes a lane.
 *
 * V1. Text that was cut, mixed up or written by anybody else is not a vector: the check covers all of it.
 */

import { hash32 } from "../base/index.ts";

/** Sequence of the last record of a lane that is whole in the output, by lane. */
export type Positions = ReadonlyMap<string, number>;

export interface LaneVector {
  readonly positions: Positions;
  /** The output began when lanes had been trimmed already: a lane it has no position of counts as told, as far as it is gone. */
  readonly anew: boolean;
}

const ANEW = "*";
const TOKEN = /^([^\s:;]+):(\d{1,15})$/;

/** ASCII as long as the names of lanes are. */
export function vectorText({ positions, anew }: LaneVector): string {
  let text = anew ? ANEW : "";
  for (const [lane, record] of positions) text += `${text === "" ? "" : " "}${lane}:${record}`;
  return `${checkOf(text)} ${text}`;
}

/** Undefined when it is not a vector (V1). */
export function parseVector(text: string): LaneVector | undefined {
  const space = text.indexOf(" ");
  const body = text.slice(space + 1);
  if (space < 0 ? checkOf("") !== text : checkOf(body) !== text.slice(0, space)) return undefined;
  const tokens = space < 0 || body === "" ? [] : body.split(" ");
  const anew = tokens[0] === ANEW;
  const positions = positionsOf(anew ? tokens.slice(1) : tokens);
  return positions === undefined ? undefined : { positions, anew };
}

function positionsOf(tokens: readonly string[]): Map<string, number> | undefined {
  const positions = new Map<string, number>();
  for (const token of tokens) {
    const match = TOKEN.exec(token);
    if (match?.[1] === undefined) return undefined;
    positions.set(match[1], Number(match[2]));
  }
  return positions;
}

function checkOf(text: string): string {
  return hash32(text).toString(36);
}

/** Into `target`, the further one of each lane. */
export function advance(target: Map<string, number>, source: Iterable<readonly [string, number]>): void {
  for (const [lane, record] of source) if (record > (target.get(lane) ?? -1)) target.set(lane, record);
}
