/**
 * Many items in as few messages as there are owners, each item settled on its own.
 *
 * S1. An item is sent again only while it has met nothing but retryable faults; what is settled stays as it is.
 * S2. A message that is too large is sent as its two halves.
 * S3. At most {@link MESSAGES_AT_ONCE} messages are under way.
 */

import { asFault, StockGridFault } from "./fault.ts";
import { type Attempt, type Patience, withRetries } from "./retry.ts";

export interface Plan<I, R> {
  /** Items of one message, at least 1. */
  readonly itemsMax: number;
  /** Items of one group go together. */
  groupOf(item: I): string;
  /** One result for each item in order, or `too-large`. Rejects with StockGridFault when none of it is known. */
  send(items: readonly I[], attempt: Attempt): Promise<readonly R[] | "too-large">;
  /** What stands in for an item that is too large by itself. */
  tooLarge(item: I): R;
  /** The fault in a result that is worth another attempt, undefined when it is settled. */
  faultIn(result: R): StockGridFault | undefined;
}

const MESSAGES_AT_ONCE = 16;

/** In the order given: each item's result, or the last fault it met. Rejects only with the reason of the signal. */
export async function settleAll<I, R>(
  items: readonly I[],
  plan: Plan<I, R>,
  patience: Patience,
): Promise<(R | StockGridFault)[]> {
  const settled = new Array<R | StockGridFault>(items.length);
  let left = items.map((_, index) => index);
  try {
    await withRetries(async (attempt) => {
      await sendGroups(items, left, settled, plan, attempt);
      left = left.filter((index) => retryableIn(settled[index] as R | StockGridFault, plan) !== undefined);
      const [first] = left;
      if (first !== undefined) throw retryableIn(settled[first] as R | StockGridFault, plan);
    }, patience);
  } catch (error) {
    patience.signal?.throwIfAborted();
    const fault = asFault(error);
    for (const index of left) settled[index] ??= fault;
  }
  return settled;
}

function retryableIn<I, R>(result: R | StockGridFault, plan: Plan<I, R>): StockGridFault | undefined {
  const fault = result instanceof StockGridFault ? result : plan.faultIn(result);
  return fault?.retryable === true ? fault : undefined;
}

async function sendGroups<I, R>(
  items: readonly I[],
  indexes: readonly number[],
  settled: (R | StockGridFault)[],
  plan: Plan<I, R>,
  attempt: Attempt,
): Promise<void> {
  const messages = messagesOf(items, indexes, plan);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < messages.length) {
      const message = messages[next++] as readonly number[];
      await sendMessage(items, message, settled, plan, attempt);
    }
  };
  await Promise.all(Array.from({ length: Math.min(MESSAGES_AT_ONCE, messages.length) }, worker));
}

/** By group in the order of first sight, cut at the size of a message. */
function messagesOf<I, R>(items: readonly I[], indexes: readonly number[], plan: Plan<I, R>): (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const index of indexes) {
    const group = plan.groupOf(items[index] as I);
    const members = groups.get(group);
    if (members === undefined) groups.set(group, [index]);
    else members.push(index);
  }
  const messages: (readonly number[])[] = [];
  for (const members of groups.values()) {
    for (let at = 0; at < members.length; at += plan.itemsMax) messages.push(members.slice(at, at + plan.itemsMax));
  }
  return messages;
}

async function sendMessage<I, R>(
  items: readonly I[],
  message: readonly number[],
  settled: (R | StockGridFault)[],
  plan: Plan<I, R>,
  attempt: Attempt,
): Promise<void> {
  let results: readonly (R | StockGridFault)[] | "too-large";
  try {
    results = await plan.send(
      message.map((index) => items[index] as I),
      attempt,
    );
  } catch (error) {
    attempt.signal?.throwIfAborted();
    const fault = asFault(error);
    results = message.map(() => fault);
  }
  if (results !== "too-large") {
    for (const [place, index] of message.entries()) settled[index] = results[place] ?? missing();
    return;
  }
  const half = Math.ceil(message.length / 2);
  if (message.length === 1) settled[message[0] as number] = plan.tooLarge(items[message[0] as number] as I);
  else for (const part of [message.slice(0, half), message.slice(half)]) await sendMessage(items, part, settled, plan, attempt);
}

function missing(): StockGridFault {
  return new StockGridFault({ code: "unexpected-answer", message: "the answer has fewer items than were sent" });
}
