/** `npm run cluster -- stop node-1` and its like: tells the running cluster, and prints what it says. */

import { readClusterFile } from "../../cluster/local/cluster-file.ts";
import { table } from "./table.ts";
import { type Verb, wrongNames } from "./verbs.ts";

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

export async function commandRunning(data: string, verb: Verb, names: readonly string[]): Promise<number> {
  const wrong = wrongNames(verb, names);
  if (wrong !== undefined) return fail(wrong, EXIT_USAGE);
  const controlUrl = readClusterFile(data)?.controlUrl ?? "";
  if (controlUrl === "") return fail(`no cluster runs in ${data}. Start one with: npm run cluster`, EXIT_FAILED);
  const answer = await ask(`${controlUrl}${verb}?name=${encodeURIComponent(names[0] ?? "")}`);
  if (typeof answer === "string") return fail(`the cluster in ${data} does not answer: ${answer}`, EXIT_FAILED);
  const text = await answer.text();
  if (!answer.ok) return fail(text, EXIT_FAILED);
  process.stdout.write(text === "" ? "" : `${text}\n`);
  if (verb === "status") writeStatus(data);
  return 0;
}

function ask(url: string): Promise<Response | string> {
  return fetch(url, { method: "POST" }).catch((error: unknown) => String(error));
}

function writeStatus(data: string): void {
  const file = readClusterFile(data);
  if (file !== undefined) process.stdout.write(table(file.nats, file.nodes));
}

function fail(words: string, status: number): number {
  process.stderr.write(`npm run cluster: ${words}\n`);
  return status;
}
