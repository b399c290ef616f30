/** The shape of a procedure: a section of the runbook, its commands in order, and what must be so before and after each. */

import type { Stage } from "./stage.ts";

export interface Step {
  /** As the runbook has it, without a remark. The runbook's own line is run; the drill refuses to begin when the two differ. */
  readonly command: string;
  /** What the text asks for before it. */
  readonly before?: (stage: Stage) => Promise<void>;
  /** What the text promises after it. */
  readonly after?: (stage: Stage) => Promise<void>;
}

export interface Procedure {
  /** Of its section. */
  readonly heading: string;
  /** One sentence: what is checked beside the commands. */
  readonly checks: string;
  /** A cluster as under "Practising", or a single node with its embedded server. */
  readonly on: "cluster" | "node";
  /** Before the first command: the load is not running yet. */
  readonly prepare?: (stage: Stage) => Promise<void>;
  /** Clients shop from the first command to the last, and none of their requests may fail. */
  readonly load: boolean;
  readonly steps: readonly Step[];
  /** After the last command, before the load ends. */
  readonly finish?: (stage: Stage) => Promise<void>;
  /** For how long shards may take no writes, ms; default 0. */
  readonly outageMsMax?: number;
}

/** A step without checks of its own. */
export function plain(command: string): Step {
  return { command };
}
