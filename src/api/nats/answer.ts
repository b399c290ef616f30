/** What an operation answers to one item: a body, and the problem that it is, if it is one. */

import type { Problem } from "../contract/index.ts";

export interface Answer {
  /** The value to send; for a problem the problem itself. */
  readonly body: unknown;
  readonly problem: Problem | undefined;
}

export const good = (body: unknown): Answer => ({ body, problem: undefined });
export const bad = (problem: Problem): Answer => ({ body: problem, problem });
