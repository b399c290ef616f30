/**
 * `npm run cluster`: NATS servers and grid nodes as processes of this machine, for development and tests; and, from a second terminal, commands to
 * it, so that every procedure of the runbook can be carried out here.
 */

import { type ClusterWords, HELP, readWords } from "./cluster/options.ts";
import { isVerb } from "./cluster/verbs.ts";

const EXIT_USAGE = 2;

async function main(argv: readonly string[]): Promise<number> {
  const words = readWords(argv, process.env);
  if ("wrong" in words) {
    process.stderr.write(`npm run cluster: ${words.wrong}\nnpm run cluster -- --help explains it.\n`);
    return EXIT_USAGE;
  }
  if (words.help) {
    process.stdout.write(HELP);
    return 0;
  }
  return await run(words);
}

/** What each way needs is loaded then, so that a command is not slowed by what starts a cluster. */
async function run(words: ClusterWords): Promise<number> {
  const [verb, ...names] = words.words;
  if (verb === undefined) return (await import("./cluster/run.ts")).runCluster(words);
  if (isVerb(verb)) return (await import("./cluster/command.ts")).commandRunning(words.data, verb, names);
  process.stderr.write(`npm run cluster: there is no command ${JSON.stringify(verb)}.\nnpm run cluster -- --help lists them.\n`);
  return EXIT_USAGE;
}

process.exitCode = await main(process.argv.slice(2));
