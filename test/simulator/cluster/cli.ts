/** `node test/simulator/cluster/cli.ts --seeds N --from S`: runs as many cluster seeds as one likes; the first that fails is printed with its trace. */

import { parseArgs } from "node:util";
import { runClusterSeed } from "./cluster-run.ts";
import { productionProgram } from "./production-node.ts";
import { describeClusterFailure } from "./report.ts";
import { type Defect, toyProgram } from "./toy-node.ts";

const PROGRESS_EVERY_MS = 1_000;

const HELP = `Usage: npm run simulate:cluster -- [--seeds N] [--from S] [--keep-going] [--lines N] [--toy | --defect NAME]

Drives a cluster through a seeded world of crashes, pauses, partitions, clock skew and unknown outcomes, and checks every answer
against what was committed. A seed always replays to the same line.

  --seeds N      how many seeds (default 100)
  --from S       the first seed (default 1)
  --keep-going   do not stop at the first seed that fails
  --lines N      how many lines of a failing trace (default 60)
  --toy          run the toy program instead of the production one
  --defect NAME  break the toy on purpose
`;

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number, not ${text}`);
  return value;
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    "keep-going": { type: "boolean", default: false },
    lines: { type: "string", default: "60" },
    toy: { type: "boolean", default: false },
    defect: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

async function simulate(seeds: number, from: number, keepGoing: boolean): Promise<number> {
  const begun = Date.now();
  let shown = begun;
  const totals = { failed: 0, answers: 0, adoptions: 0, servedAfterMs: 0, virtualMs: 0 };
  const lines = wholeNumber("--lines", values.lines);
  const isToy = values.toy || values.defect !== undefined;
  const programOf = isToy ? toyProgram(values.defect as Defect | undefined) : productionProgram;
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await runClusterSeed(seed, programOf, lines);
    totals.answers += report.answers;
    totals.adoptions += report.adoptions;
    totals.virtualMs += report.virtualMs;
    totals.servedAfterMs = Math.max(totals.servedAfterMs, report.servedAfterMs);
    if (report.failure !== undefined) {
      totals.failed++;
      process.stdout.write(`\n${describeClusterFailure(report)}\nagain: npm run simulate:cluster -- --from ${seed} --seeds 1\n`);
      if (!keepGoing) break;
    }
    if (Date.now() - shown > PROGRESS_EVERY_MS) {
      shown = Date.now();
      const perSecond = ((seed - from + 1) * 1_000) / (shown - begun);
      process.stdout.write(`\r${seed - from + 1} of ${seeds} seeds, ${perSecond.toFixed(1)} a second, ${totals.failed} failed `);
    }
  }
  process.stdout.write(
    `\n${totals.failed} seeds failed; judged ${totals.answers} answers, ${totals.adoptions} adoptions of shards in ${Math.round(totals.virtualMs / 1_000)} s of virtual time; every shard was served again at most ${totals.servedAfterMs} ms after the faults had stopped\n`,
  );
  return totals.failed === 0 ? 0 : 1;
}

if (values.help) process.stdout.write(HELP);
else
  process.exitCode = await simulate(
    wholeNumber("--seeds", values.seeds),
    wholeNumber("--from", values.from),
    values["keep-going"],
  );
