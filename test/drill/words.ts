/** The words of `npm run drill`, and what `--help` teaches. */

import { parseArgs } from "node:util";
import type { Procedure } from "./procedure.ts";
import { PROCEDURES } from "./procedures/index.ts";

export interface DrillWords {
  readonly procedures: readonly Procedure[];
  readonly list: boolean;
  readonly json: string | undefined;
  readonly help: boolean;
}

export const HELP = `Usage: npm run drill -- [--only <heading>]... [--list] [--json <file>]

Carries out the procedures of docs/ops/runbook.md: reads the commands from its code blocks and runs exactly those, in order, against a cluster
of this machine (\`npm run cluster\`, three NATS servers and three nodes, in a temporary folder), while clients shop; and checks after each what the
text promises: every shard is served and followed, no request failed, and stock, reservations and events are what the clients were told.
Each procedure has a fresh cluster. Addresses, key files and folders that a person fills in are filled in as test/drill/placeholders.ts says.

  --only <heading>   this procedure, as often as needed; a part of the heading that no other has will do
  --list             names the procedures and what is checked
  --json <file>      writes the report there
  --help             this text

Exit status: 0 everything is as the runbook says, 1 something is not, 2 wrong usage, 130 interrupted. NO_COLOR is honoured.
Ctrl-C ends it, and leaves no process and no file behind.
`;

const OPTIONS = {
  only: { type: "string", multiple: true },
  list: { type: "boolean", default: false },
  json: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

export function readDrillWords(argv: readonly string[]): DrillWords | { readonly wrong: string } {
  try {
    const { only, list, json, help } = parseArgs({ args: [...argv], options: OPTIONS }).values;
    return { procedures: choose(only), list, json, help };
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

function choose(only: readonly string[] | undefined): readonly Procedure[] {
  if (only === undefined) return PROCEDURES;
  return PROCEDURES.filter((procedure) => only.some((words) => named(words) === procedure));
}

function named(words: string): Procedure {
  const wanted = words.toLowerCase();
  const whole = PROCEDURES.find(({ heading }) => heading.toLowerCase() === wanted);
  const [first, ...others] = PROCEDURES.filter(({ heading }) => heading.toLowerCase().includes(wanted));
  if (whole !== undefined) return whole;
  if (first !== undefined && others.length === 0) return first;
  const which = (first === undefined ? PROCEDURES : [first, ...others]).map(({ heading }) => heading).join(", ");
  throw new RangeError(
    `--only ${JSON.stringify(words)} ${first === undefined ? "is no procedure" : "is not one"}; there are: ${which}`,
  );
}
