/** The words of `npm run cluster`, and what `--help` teaches. */

import { parseArgs } from "node:util";

export interface ClusterWords {
  /** A command and what it is about; none starts the cluster. */
  readonly words: readonly string[];
  readonly data: string;
  readonly nodes: number;
  readonly nats: number;
  /** Undefined: the node's own default. */
  readonly members: number | undefined;
  readonly cluster: string;
  readonly basePort: number | undefined;
  readonly fresh: boolean;
  readonly secure: boolean;
  readonly help: boolean;
}

export const HELP = `Usage: npm run cluster                          start a cluster, stop it with Ctrl-C
       npm run cluster -- <command> [name]      tell the running one something, from a second terminal

Three NATS servers that keep three copies of everything, and three grid nodes, as processes of this machine. For
development and tests: three disks and three power supplies are what makes a cluster safe.

Start
  --nodes <n>       grid nodes, 0 to 9; default 3. With 0, \`add\` starts each: as after a restore
  --nats <n>        NATS servers, 1 to 9; default 3. With three or more, lanes have three copies
  --members <n>     members (threads) of each node; default 1
  --data <folder>   default $STOCKGRID_CLUSTER_DIR, else ./data/cluster. Data, logs and cluster.json are there; what was written
                    is there again next time. Commands take it too
  --fresh           remove what an earlier cluster left in the folder
  --secure          TLS and accounts, as in production; certificates and keys in <folder>/secure
  --base-port <p>   NATS at p, p+1, ...; routes 10 above, monitoring 20 above, HTTP 30 above. Default: free ports
  --cluster <name>  default local

Commands, with names such as node-2 and nats-1
  status            what runs, and where
  stop <name>       as an orchestrator does: SIGTERM and time to hand over
  start <name>      with the data it had
  restart <name>    both
  kill <name>       as kill -9, or the power
  freeze <name>     as SIGSTOP: it stands still with its connections open
  thaw <name>       as SIGCONT
  add               one more node
  remove <node>     stop a node for good; its data stays
  set <NAME=value>  a setting that nodes are started with from now on, such as STOCKGRID_SHARDS=512
  reload <server>   let a NATS server read its certificates and users again

Try
  npm run cluster -- --fresh
  npm run cluster -- restart node-2
  npm run cluster -- kill nats-1 && npm run cluster -- start nats-1
  node scripts/stockgrid.mjs get 85123A --data-dir data/cluster/node-1
  nats --server $(node -p 'require("./data/cluster/cluster.json").natsUrl') stream ls

Exit status: 0 done, 1 failed, 2 wrong usage. NO_COLOR is honoured. docs/ops/cluster.md is about production.
`;

const COUNT_MAX = 9;
const MEMBERS_MAX = 64;
const BASE_PORT_MAX = 65_000;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

const OPTIONS = {
  nodes: { type: "string", default: "3" },
  nats: { type: "string", default: "3" },
  members: { type: "string", default: "1" },
  data: { type: "string" },
  cluster: { type: "string", default: "local" },
  "base-port": { type: "string" },
  fresh: { type: "boolean", default: false },
  secure: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

export function readWords(argv: readonly string[], env: Environment): ClusterWords | { readonly wrong: string } {
  try {
    return words(argv, env);
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) };
  }
}

function words(argv: readonly string[], env: Environment): ClusterWords {
  const { values, positionals } = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  if (!NAME.test(values.cluster)) throw new RangeError("--cluster takes 1 to 64 of the characters A-Z a-z 0-9 _ -");
  return {
    words: positionals,
    data: values.data ?? folderOf(env),
    nodes: count("--nodes", values.nodes, COUNT_MAX, 0),
    nats: count("--nats", values.nats, COUNT_MAX),
    members: count("--members", values.members, MEMBERS_MAX),
    cluster: values.cluster,
    basePort: values["base-port"] === undefined ? undefined : count("--base-port", values["base-port"], BASE_PORT_MAX),
    fresh: values.fresh,
    secure: values.secure,
    help: values.help,
  };
}

/** An empty value counts as not set, as everywhere. */
function folderOf(env: Environment): string {
  const folder = env["STOCKGRID_CLUSTER_DIR"] ?? "";
  return folder === "" ? "./data/cluster" : folder;
}

function count(flag: string, text: string, max: number, min = 1): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`${flag} takes a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
}
