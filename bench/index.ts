/**
 * `npm run bench`: all sections one after another, then bench/RESULTS.md.
 *
 *   npm run bench                           everything, in less than half an hour
 *   npm run bench -- --only http,nats       some sections
 *   npm run bench -- --quick                a short look; results are not kept
 *   npm run bench -- --report               only makes the page from the results that are there
 */

import { parseArgs } from "node:util";
import { section as cluster } from "./cluster.ts";
import { section as confidence } from "./confidence.ts";
import { section as core } from "./core.ts";
import { section as feed } from "./feed.ts";
import { section as fuzz } from "./fuzz.ts";
import { section as hotSku } from "./hot-sku.ts";
import { section as http } from "./http.ts";
import { section as ingest } from "./ingest.ts";
import { writeReport } from "./lib/report.ts";
import { runSection, type Section } from "./lib/section.ts";
import { section as links } from "./links.ts";
import { section as nats } from "./nats.ts";
import { section as openLoop } from "./open-loop.ts";
import { section as overload } from "./overload.ts";
import { section as recovery } from "./recovery.ts";

const SECTIONS = [
  http,
  nats,
  core,
  confidence,
  openLoop,
  overload,
  hotSku,
  feed,
  recovery,
  ingest,
  links,
  cluster,
  fuzz,
] as readonly Section<unknown>[];
const NAMES = SECTIONS.map((section) => section.name);

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean", default: false },
    report: { type: "boolean", default: false },
  },
});

process.exit(await main());

async function main(): Promise<number> {
  const chosen = values.only?.split(",") ?? NAMES;
  const unknown = chosen.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    log(`no section ${unknown.join(", ")}; there are ${NAMES.join(", ")}`);
    return 2;
  }
  const failed = values.report ? [] : await runAll(SECTIONS.filter((section) => chosen.includes(section.name)));
  if (!values.quick) writeReport(NAMES);
  if (failed.length > 0) log(`failed: ${failed.join(", ")}`);
  return failed.length > 0 ? 1 : 0;
}

/** A section that fails does not keep the others from running. Resolves to the names of those that did. */
async function runAll(sections: readonly Section<unknown>[]): Promise<string[]> {
  const failed: string[] = [];
  for (const section of sections) {
    try {
      await runSection(section, { quick: values.quick, log });
    } catch (error) {
      failed.push(section.name);
      log(`   ${section.name} failed: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  return failed;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
