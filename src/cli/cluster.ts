/** `stockgrid cluster`: looks at the cluster, and changes who owns what. */

import { setTimeout as pause } from "node:timers/promises";
import { clusterText } from "./cluster-text.ts";
import {
  type ClusterView,
  drainProgress,
  membersProgress,
  moveProgress,
  type Progress,
  readCluster,
  settleProgress,
} from "./cluster-view.ts";
import {
  type Command,
  type CommandContext,
  CommandFailed,
  EXIT_DONE,
  readOptions,
  UsageError,
  wholeNumberOf,
} from "./command.ts";
import { asRecord, CONNECTION_HELP, CONNECTION_OPTIONS, type Connection, connect } from "./connection.ts";
import { countBar } from "./count-bar.ts";

const HELP = `Usage: stockgrid cluster status [--shards]
       stockgrid cluster move <shard> <member or node> [--wait]
       stockgrid cluster unpin <shard> [--wait]
       stockgrid cluster drain <node> [--wait]
       stockgrid cluster undrain <node> [--wait]
       stockgrid cluster members <count> [--wait]

  status    members, their lanes and who follows them, and the shards that need a look
  move      moves a shard and keeps it there (pins it); a node stands for its member with the fewest shards
  unpin     lets a shard go where it belongs
  drain     lets a node own nothing: before its machine is taken away for longer. It goes on answering requests.
  undrain   lets it own shards again
  members   changes the number of member threads of the node that is asked, until its next start

A change is done when the shard map has it; shards then move one after another, each with a pause of milliseconds.
--wait stays until they have. Any node can be asked, except by \`members\`. The API key needs the scope admin.

Options
  --shards             with status: list every shard
  --wait               stay until it is done
  --timeout <seconds>  give up waiting, 1 to 86400 (300)
${CONNECTION_HELP}
Examples
  stockgrid cluster status
  stockgrid cluster status --json | jq '.shards[] | select(.state != "owned")'
  stockgrid cluster move 7 node-2 --wait
  stockgrid cluster drain node-3 --wait && ssh node-3 sudo reboot
  stockgrid cluster members 4 --wait

Exit status: 0 done, 1 refused, no answer or not done in time, 2 wrong usage.
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  shards: { type: "boolean", default: false },
  wait: { type: "boolean", default: false },
  timeout: { type: "string", default: "300" },
} as const;

const TIMEOUT_SECONDS_MAX = 86_400;
const LOOK_MS = 200;
const SHARD_MAX = 65_535;
const MEMBERS_MAX = 64;

interface Change {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  /** In words, from the answer. */
  said(answer: Readonly<Record<string, unknown>>): string;
  progress(view: ClusterView, answer: Readonly<Record<string, unknown>>): Progress;
}

export const cluster: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  const [verb, ...words] = positionals;
  const timeoutMs = wholeNumberOf(values.timeout, "--timeout", 1, TIMEOUT_SECONDS_MAX) * 1_000;
  if (verb === "status" && words.length === 0) {
    const view = await readCluster(connect(values, context), context.interrupted);
    context.terminal.out(values.json ? `${JSON.stringify(view)}\n` : clusterText(view, values.shards, context.terminal));
    return EXIT_DONE;
  }
  const connection = connect(values, context);
  const change = await changeOf(verb, words, connection, context);
  const answer = asRecord(await connection.ask(change.method, change.path, change.body, {}, context.interrupted));
  if (values.wait) await waited(change, answer, connection, timeoutMs, context);
  context.terminal.out(values.json ? `${JSON.stringify(answer)}\n` : `${change.said(answer)}\n`);
  return EXIT_DONE;
};

async function changeOf(
  verb: string | undefined,
  words: readonly string[],
  connection: Connection,
  { interrupted }: CommandContext,
): Promise<Change> {
  const [first, second, ...rest] = words;
  const takes = verb === "move" ? 2 : 1;
  if (first === undefined || (takes === 2) !== (second !== undefined) || rest.length > 0) {
    throw new UsageError(
      "say one of: status, move <shard> <where>, unpin <shard>, drain <node>, undrain <node>, members <count>",
    );
  }
  switch (verb) {
    case "move":
      return moveOf(wholeNumberOf(first, "the shard", 0, SHARD_MAX), second ?? "");
    case "unpin":
      return unpinOf(wholeNumberOf(first, "the shard", 0, SHARD_MAX));
    case "drain":
      return drainOf(first, await readCluster(connection, interrupted));
    case "undrain":
      return undrainOf(first);
    case "members": {
      const { node } = await readCluster(connection, interrupted);
      return membersOf(wholeNumberOf(first, "the count", 1, MEMBERS_MAX), node);
    }
    default:
      throw new UsageError(`there is no \`cluster ${String(verb)}\``);
  }
}

function moveOf(shard: number, to: string): Change {
  return {
    method: "POST",
    path: "/v1/cluster/moves",
    body: { shard, to },
    said: (answer) => `shard ${shard} is pinned to ${String(answer["to"])}`,
    progress: (view, answer) => moveProgress(view, shard, String(answer["to"])),
  };
}

function unpinOf(shard: number): Change {
  return {
    method: "DELETE",
    path: `/v1/cluster/moves/${shard}`,
    said: () => `shard ${shard} is not pinned`,
    progress: settleProgress,
  };
}

/** A name that nobody has is most likely a slip. */
function drainOf(node: string, { members }: ClusterView): Change {
  const nodes = [...new Set(members.map((member) => member.node))];
  if (!nodes.includes(node)) throw new CommandFailed(`there is no node ${node}; there are ${nodes.join(", ")}`);
  return {
    method: "POST",
    path: "/v1/cluster/drains",
    body: { node },
    said: () => `${node} is draining: it will own nothing`,
    progress: (view) => drainProgress(view, node),
  };
}

function undrainOf(node: string): Change {
  return {
    method: "DELETE",
    path: `/v1/cluster/drains/${encodeURIComponent(node)}`,
    said: () => `${node} may own shards`,
    progress: settleProgress,
  };
}

function membersOf(count: number, node: string): Change {
  return {
    method: "PUT",
    path: `/v1/cluster/nodes/${encodeURIComponent(node)}/members`,
    body: { count },
    said: () => `${node} is to have ${count} members, until its next start (STOCKGRID_MEMBERS)`,
    progress: (view) => membersProgress(view, node, count),
  };
}

/** Looks until nothing is left, twice in a row: right after a change the answer may still be of before. */
async function waited(
  change: Change,
  answer: Readonly<Record<string, unknown>>,
  connection: Connection,
  timeoutMs: number,
  { terminal, interrupted }: CommandContext,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const bar = await countBar("moving", terminal);
  let total = 0;
  let quiet = 0;
  try {
    for (;;) {
      const { left, words } = await look(change, answer, connection, interrupted);
      total = Math.max(total, left);
      bar.update(total - left, total, words);
      quiet = left === 0 ? quiet + 1 : 0;
      if (quiet === 2) return;
      if (performance.now() > deadline) throw new CommandFailed(`the change is made, but not done in time: ${words}`);
      await pause(LOOK_MS, undefined, { signal: interrupted });
    }
  } catch (error) {
    if (interrupted.aborted) throw new CommandFailed("the change is made; it goes on without this command");
    throw error;
  } finally {
    bar.end();
  }
}

/** A member that ends while it is asked closes the connection: one failed look is not the end. */
async function look(
  change: Change,
  answer: Readonly<Record<string, unknown>>,
  connection: Connection,
  stop: AbortSignal,
): Promise<Progress> {
  try {
    return change.progress(await readCluster(connection, stop), answer);
  } catch (error) {
    if (stop.aborted) throw error;
    return { left: 1, words: error instanceof Error ? error.message : String(error) };
  }
}
