/** `npm run simulate -- --seeds N --from S`: runs as many seeds as one likes; the first that fails is printed with its trace. */

import { parseArgs } from "node:util";
import { describeFailure } from "./report.ts";
import { runSeed } from "./run.ts";

const PROGRESS_EVERY_MS = 1_000;

const HELP = `Usage: npm run simulate -- [--seeds N] [--from S] [--keep-going]

Drives the production member through a seeded world of crashes, lost and late publishes, clock jumps, rivals and failed
checkpoints, and checks every answer against what was committed. A seed always replays to the same line.

  --seeds N      how many seeds (default 300)
  --from S       the first seed (default 1)
  --keep-going   do not stop at the first seed that fails
`;

interface Settings {
  readonly seeds: number;
  readonly from: number;
  readonly keepGoing: boolean;
}

function settingsOf(args: readonly string[]): Settings | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "300" },
      from: { type: "string", default: "1" },
      "keep-going": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  return {
    seeds: wholeNumber("--seeds", values.seeds),
    from: wholeNumber("--from", values.from),
    keepGoing: values["keep-going"],
  };
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number, not ${text}`);
  return value;
}

async function simulate({ seeds, from, keepGoing }: Settings): Promise<number> {
  const begun = Date.now();
  let shown = begun;
  let failed = 0;
  const totals = { answers: 0, events: 0, expired: 0 };
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await runSeed(seed);
    totals.answers += report.answers;
    totals.events += report.events;
    totals.expired += report.expired;
    if (report.failure !== undefined) {
      failed++;
      process.stdout.write(`\n${describeFailure(report)}\n`);
      if (!keepGoing) break;
    }
    if (Date.now() - shown > PROGRESS_EVERY_MS) {
      shown = Date.now();
      const perSecond = ((seed - from + 1) * 1_000) / (shown - begun);
      process.stdout.write(`\r${seed - from + 1} of ${seeds} seeds, ${perSecond.toFixed(1)} a second, ${failed} failed `);
    }
  }
  const { answers, events, expired } = totals;
  process.stdout.write(`\n${failed} seeds failed; judged ${answers} answers, ${events} events, ${expired} expired holds\n`);
  return failed === 0 ? 0 : 1;
}

const settings = settingsOf(process.argv.slice(2));
if (settings === undefined) process.stdout.write(HELP);
else process.exitCode = await simulate(settings);
