/**
 * Newline-delimited JSON as it comes: lines of a request, and the answers to them as lines of the response.
 *
 * L1. Answers leave in the order of the lines, however they come about.
 * L2. At most a bounded number of lines waits for its answer; the sender is held back meanwhile.
 * L3. A line that is too long, a line too many, or more bytes than are taken end the request: what came before is answered.
 */

import type { Readable, Writable } from "node:stream";

export interface LineLimits {
  readonly linesMax: number;
  readonly lineBytesMax: number;
  readonly bytesMax: number;
  /** Lines that wait for their answers. */
  readonly waitingMax: number;
}

export interface LineAnswers {
  /** The text of the answer, without a newline. */
  take(line: Buffer, done: (answer: string) => void): void;
  /** The last answer, when the request is more than is taken. */
  tooMuch(detail: string): string;
}

const NEWLINE = 10;
const RETURN = 13;
const EMPTY = Buffer.alloc(0);

/** Resolves when the last answer is written; the response is left open. Rejects when the request is cut off. */
export async function answerLines(
  request: Readable,
  response: Writable,
  answers: LineAnswers,
  limits: LineLimits,
): Promise<void> {
  const replies = new OrderedReplies(response, limits.waitingMax);
  let rest: Buffer = EMPTY;
  let [lines, bytes] = [0, 0];
  const take = async (line: Buffer): Promise<string | undefined> => {
    const text = line.at(-1) === RETURN ? line.subarray(0, -1) : line;
    if (text.length === 0) return undefined;
    if (text.length > limits.lineBytesMax) return `line ${lines + 1} has more than ${limits.lineBytesMax} bytes`;
    if (++lines > limits.linesMax) return `the request has more than ${limits.linesMax} lines`;
    const reply = replies.next();
    answers.take(text, reply);
    await replies.room();
    return undefined;
  };
  let wrong: string | undefined;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.bytesMax) wrong = `the request has more than ${limits.bytesMax} bytes`;
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let at = rest.indexOf(NEWLINE); at >= 0 && wrong === undefined; at = rest.indexOf(NEWLINE, from)) {
      wrong = await take(rest.subarray(from, at));
      from = at + 1;
    }
    rest = rest.subarray(from);
    if (rest.length > limits.lineBytesMax) wrong ??= `line ${lines + 1} has more than ${limits.lineBytesMax} bytes`;
    if (wrong !== undefined) break;
  }
  wrong ??= await take(rest);
  if (wrong !== undefined) replies.next()(answers.tooMuch(wrong));
  await replies.done();
}

/** Writes answers in the order in which they were asked for. */
class OrderedReplies {
  readonly #response: Writable;
  readonly #waitingMax: number;
  readonly #ready = new Map<number, string>();
  #asked = 0;
  #written = 0;
  #wake: (() => void) | undefined;

  constructor(response: Writable, waitingMax: number) {
    this.#response = response;
    this.#waitingMax = waitingMax;
  }

  next(): (answer: string) => void {
    const number = this.#asked++;
    return (answer) => {
      this.#ready.set(number, answer);
      this.#flush();
    };
  }

  /** Resolves when another line may be taken. */
  async room(): Promise<void> {
    while (this.#asked - this.#written >= this.#waitingMax) await this.#next();
    if (this.#response.writableNeedDrain && !this.#response.destroyed) await drained(this.#response);
  }

  async done(): Promise<void> {
    while (this.#written < this.#asked) await this.#next();
  }

  #next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #flush(): void {
    let text = "";
    for (let answer = this.#ready.get(this.#written); answer !== undefined; answer = this.#ready.get(this.#written)) {
      this.#ready.delete(this.#written++);
      text += `${answer}\n`;
    }
    if (text === "") return;
    if (!this.#response.destroyed) this.#response.write(text);
    this.#wake?.();
    this.#wake = undefined;
  }
}

/** Resolves also when the reader went away. */
function drained(response: Writable): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.once("drain", done);
    response.once("close", done);
  });
}
