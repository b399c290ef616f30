/**
 * The `stockgrid` command: picks the subcommand, turns what it throws into words and an exit status, and Ctrl-C into an
 * abort. Subcommands are loaded when they are asked for, so that `stockgrid get` does not load a server.
 */

import { enableCompileCache } from "node:module";
import { nearest } from "../config/index.ts";
import { type Command, CommandFailed, EXIT_DONE, EXIT_FAILED, EXIT_USAGE, UsageError } from "./command.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import("./serve.ts")).serve,
  import: async () => (await import("./import.ts")).importFile,
  get: async () => (await import("./get.ts")).get,
  reserve: async () => (await import("./reserve.ts")).reserve,
  confirm: async () => (await import("./transition.ts")).confirm,
  release: async () => (await import("./transition.ts")).release,
  extend: async () => (await import("./transition.ts")).extend,
  fulfill: async () => (await import("./transition.ts")).fulfill,
  tail: async () => (await import("./tail.ts")).tail,
  alias: async () => (await import("./alias.ts")).alias,
  deadletter: async () => (await import("./deadletter.ts")).deadletter,
  verify: async () => (await import("./verify.ts")).verify,
  cluster: async () => (await import("./cluster.ts")).cluster,
  backup: async () => (await import("./backup.ts")).backup,
  restore: async () => (await import("./restore.ts")).restore,
  reshard: async () => (await import("./restore.ts")).reshard,
  config: async () => (await import("./config.ts")).config,
  bench: async () => {
    const { runBenchCommand } = await import("./bench.ts");
    return ({ argv }) => runBenchCommand(argv);
  },
  version: async () => (await import("./version.ts")).version,
};

const HELP = `stockgrid: an inventory grid that reserves stock and never sells a unit twice

Usage: stockgrid <command> [options]

Run
  serve      run a node
  config     print the effective settings and where each came from

Use
  import     load movements, opening balances, locations or aliases from CSV or NDJSON
  get        show stock of a SKU, or a reservation
  reserve    hold units for a checkout
  confirm    held -> allocated
  release    give back
  extend     hold longer
  fulfill    shipped or picked up
  tail       follow the events
  alias      tell what codes of sources stand for
  deadletter look at events that could not be read or applied, and replay them

Operate
  cluster    look at members and shards; move shards, drain a node, change its members
  backup     copy the state of the running grid into a folder
  restore    start a cluster from a backup
  reshard    start a cluster from a backup with another number of shards

Check
  verify     fold the journal and compare it with the store and the live records
  bench      load a running grid and report throughput and latency
  version    print the version

\`stockgrid <command> --help\` explains a command with examples.
Exit status: 0 done, 1 failed or refused, 2 wrong usage. NO_COLOR is honoured.
`;

/** Runs one command line; resolves to the exit status. */
export async function runCommand(words: readonly string[], terminal: Terminal, interrupted: AbortSignal): Promise<number> {
  const [name, ...argv] = words;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    terminal.out(HELP);
    return name === undefined ? EXIT_USAGE : EXIT_DONE;
  }
  const load = COMMANDS[name === "--version" ? "version" : name];
  if (load === undefined || !Object.hasOwn(COMMANDS, name === "--version" ? "version" : name))
    return unknownCommand(name, terminal);
  try {
    const command = await load();
    return await command({ argv, env: process.env, cwd: process.cwd(), terminal, interrupted });
  } catch (error) {
    return failed(name, error, terminal);
  }
}

function unknownCommand(name: string, terminal: Terminal): number {
  const near = nearest(name, Object.keys(COMMANDS));
  const hint = near === undefined ? "" : ` Did you mean ${near}?`;
  terminal.error(`stockgrid: there is no command ${JSON.stringify(name)}.${hint}\nstockgrid --help lists the commands.\n`);
  return EXIT_USAGE;
}

function failed(name: string, error: unknown, terminal: Terminal): number {
  if (error instanceof UsageError) {
    terminal.error(`stockgrid ${name}: ${error.message}\nstockgrid ${name} --help explains it.\n`);
    return EXIT_USAGE;
  }
  const words =
    error instanceof CommandFailed ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.error(`stockgrid ${name}: ${words}\n`);
  return EXIT_FAILED;
}

/** The first signal asks, the second ends the process. */
function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(status);
      controller.abort();
    });
  }
  return controller.signal;
}

if (import.meta.main) {
  // A third less time to a node that is ready; where it cannot be kept, nothing changes.
  enableCompileCache();
  // A reader that went away (`stockgrid tail | head`) is a normal end.
  process.stdout.on("error", () => process.exit(EXIT_DONE));
  const status = await runCommand(process.argv.slice(2), processTerminal(process.env), interruption());
  // Ends also where something was left open, such as a connection that never came about; what was written goes out first.
  process.stdout.write("", () => process.exit(status));
}
