/**
 * `npm run study:confidence -- [--seeds 5] [--from 1] [--records 3000]`: how well beliefs and count lists do in worlds that are not
 * those of the model. Same arguments, same numbers. What is measured and what was reached: docs/spec/confidence.md.
 */

import { parseArgs } from "node:util";
import { formatSpread, spreadOf } from "../../../bench/lib/statistics.ts";
import { binsOf } from "./judge.ts";
import { type StudyResult, study, USUAL_STUDY } from "./run.ts";

const LEVELS: readonly (readonly [name: string, trouble: number])[] = [
  ["orderly", 0.25],
  ["usual", 0.5],
  ["unruly", 1],
];

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "5" },
    from: { type: "string", default: "1" },
    records: { type: "string", default: String(USUAL_STUDY.records) },
  },
});

const ROWS: readonly (readonly [what: string, value: (result: StudyResult) => number, digits: number])[] = [
  ["records with phantom stock, %", (result) => 100 * result.phantomShare, 1],
  ["records that are wrong, %", (result) => 100 * result.wrongShare, 1],
  ["phantom stock in the list, times random", (result) => result.phantomLift, 1],
  ["  the most that is possible", (result) => Math.min(20, 1 / result.phantomShare), 1],
  ["  by probability of phantom stock alone", (result) => result.phantomLiftByProbability, 1],
  ["  by missed sales, without a belief", (result) => result.phantomLiftByMissedSales, 1],
  ["wrong records in the list, times random", (result) => result.wrongLift, 2],
  ["  the most that is possible", (result) => Math.min(20, 1 / result.wrongShare), 2],
  ["units wrong in the list, times random", (result) => result.unitsLift, 1],
  ["calibration error, phantom stock", (result) => result.phantomError, 4],
  ["calibration error, confidence", (result) => result.confidenceError, 4],
  ["skill, phantom stock", (result) => result.phantomSkill, 2],
  ["skill, confidence", (result) => result.confidenceSkill, 2],
  ["weights a record", (result) => result.weights, 0],
];

const [from, seeds] = [Number(values.from), Number(values.seeds)];
for (const [name, trouble] of LEVELS) {
  const results = Array.from({ length: seeds }, (_, i) =>
    study({ ...USUAL_STUDY, records: Number(values.records), trouble, seed: from + i }),
  );
  print(`\n${name} world (trouble ${trouble}), seeds ${from} to ${from + seeds - 1}: median (range)`);
  for (const [what, value, digits] of ROWS) print(`${what.padEnd(42)} ${formatSpread(spreadOf(results.map(value)), digits)}`);
  print(`phantom stock told/happened: ${bins(results.flatMap((result) => result.phantomForecasts))}`);
  print(`confidence told/happened:    ${bins(results.flatMap((result) => result.confidenceForecasts))}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function bins(forecasts: StudyResult["phantomForecasts"]): string {
  return binsOf(forecasts)
    .map(({ told, happened }) => `${told.toFixed(3)}/${happened.toFixed(3)}`)
    .join(" ");
}
