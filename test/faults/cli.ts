/** `npm run faults -- --scenario kill-node --runs 50 --seed 7`: real faults done to real processes, as often as one likes. */

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { makeSmallCluster, makeWholeCluster } from "./make-cluster.ts";
import { describeRuns, summarize } from "./report.ts";
import { type Evidence, type MakeCluster, type RunReport, reasonToSkip, runScenario } from "./run-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/index.ts";
import { SMALL_CLUSTER_FEATURES } from "./small-cluster.ts";
import { WHOLE_CLUSTER_FEATURES } from "./whole-cluster.ts";

const EXIT_INTERRUPTED = 130;

const HELP = `Usage: npm run faults -- [--scenario <name>,<name>] [--runs N] [--seed S] [--nodes N]
       [--nats N] [--json <file>] [--evidence <prefix>] [--keep-going]

Starts a grid, puts load on it, does a fault to it, and checks afterwards that every acknowledged change is there, that nothing
is oversold, that the feed is complete and exactly once, and that what the clients saw is linearizable.

  --scenario <name>  which, separated by commas; default all that can run
  --runs N           how often each (default 1)
  --seed S           the first seed; each run takes the next (default 1)
  --nodes N          grid nodes (default 1)
  --nats N           NATS servers (default as many as nodes)
  --json <file>      writes the report there
  --evidence <prefix>  writes what clients saw and what was published in a run whose checks failed or were undecided to <prefix><scenario>-<seed>.json
  --keep-going       does not stop at the first run that fails

Scenarios
${SCENARIOS.map(({ name, does }) => `  ${name.padEnd(18)} ${does}`).join("\n")}
`;

const { values } = parseArgs({
  options: {
    scenario: { type: "string" },
    runs: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    nodes: { type: "string", default: "1" },
    nats: { type: "string" },
    json: { type: "string" },
    evidence: { type: "string" },
    "keep-going": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

/** Everything that was started is killed at the end of this process. */
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(EXIT_INTERRUPTED));

if (values.help) say(HELP);
else process.exitCode = await main();

async function main(): Promise<number> {
  const reports: RunReport[] = [];
  const failures: { scenario: string; seed: number; error: string }[] = [];
  const skipped: string[] = [];
  for (const one of chosen(values.scenario)) {
    const reason = await skipReason(one);
    if (reason !== undefined) {
      skipped.push(reason);
      say(`skipped: ${reason}`);
      continue;
    }
    for (let run = 0; run < wholeNumber("--runs", values.runs); run++) {
      const seed = wholeNumber("--seed", values.seed) + run;
      try {
        say(`${one.name}, seed ${seed}`);
        const keepEvidence = evidenceKeeper(one.name, seed);
        const report = await runScenario(one, { seed, makeCluster: maker(), keepEvidence, say: (line) => say(`  ${line}`) });
        reports.push(report);
        say(`  ${JSON.stringify(report.measured)}`);
      } catch (error) {
        failures.push({ scenario: one.name, seed, error: (error as Error).message });
        say(`  FAILED: ${(error as Error).message}`);
        if (!values["keep-going"]) return finish(reports, failures, skipped);
      }
    }
  }
  return finish(reports, failures, skipped);
}

function evidenceKeeper(scenario: string, seed: number): (evidence: Evidence) => Promise<void> {
  return async (evidence) => {
    if (values.evidence === undefined) return;
    const file = `${values.evidence}${scenario}-${seed}.json`;
    await writeFile(file, `${JSON.stringify(evidence, undefined, 1)}\n`);
    say(`  what the clients saw and what was published is in ${file}`);
  };
}

function shape(): { nodes: number; natsServers: number } {
  const nodes = wholeNumber("--nodes", values.nodes);
  return { nodes, natsServers: wholeNumber("--nats", values.nats ?? values.nodes) };
}

function maker(): MakeCluster {
  const { nodes, natsServers } = shape();
  return nodes === 1 && natsServers === 1 ? makeSmallCluster : makeWholeCluster(nodes, natsServers);
}

async function skipReason(one: Scenario): Promise<string | undefined> {
  const { nodes, natsServers } = shape();
  if (nodes < one.nodes || natsServers < one.natsServers)
    return `${one.name} needs --nodes ${one.nodes} --nats ${one.natsServers} or more`;
  return reasonToSkip(one, nodes > 1 ? WHOLE_CLUSTER_FEATURES : SMALL_CLUSTER_FEATURES);
}

async function finish(
  reports: readonly RunReport[],
  failures: readonly { scenario: string; seed: number; error: string }[],
  skipped: readonly string[],
): Promise<number> {
  const summary = summarize(reports);
  say(`\n${describeRuns(summary)}\n${failures.length} of ${reports.length + failures.length} runs failed`);
  for (const { scenario, seed } of failures) say(`again: npm run faults -- --scenario ${scenario} --seed ${seed}`);
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ summary, failures, skipped, runs: reports }, undefined, 2)}\n`);
  return failures.length === 0 ? 0 : 1;
}

function chosen(names: string | undefined): readonly Scenario[] {
  if (names === undefined) return SCENARIOS;
  return names.split(",").map((name) => {
    const found = SCENARIOS.find((one) => one.name === name);
    if (found === undefined)
      throw new Error(`there is no scenario ${name}; there are ${SCENARIOS.map((one) => one.name).join(", ")}`);
    return found;
  });
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} takes a whole number, not ${text}`);
  return value;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
