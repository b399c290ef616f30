/** `node test/crash/cli.ts --kills N --seed S`: the crash test for as long as one likes. */

import { parseArgs } from "node:util";
import { runCrashes } from "./crash-run.ts";

const { values } = parseArgs({ options: { kills: { type: "string", default: "50" }, seed: { type: "string", default: "1" } } });
const settings = { kills: Number(values.kills), seed: Number(values.seed) };
if (!Number.isSafeInteger(settings.kills) || !Number.isSafeInteger(settings.seed)) {
  throw new Error("--kills and --seed take whole numbers");
}
const report = await runCrashes({ ...settings, say: (line) => process.stdout.write(`${line}\n`) });
process.stdout.write(`every acknowledged change is there: ${JSON.stringify(report)}\n`);
