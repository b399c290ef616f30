/** `npm run cluster:nats`: writes configuration, certificates and keys of the NATS servers of a cluster. */

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { localServers } from "../cluster/local/index.ts";
import {
  composeServers,
  type Generated,
  generateNats,
  hostServers,
  inboxOf,
  kubernetesServers,
  ROLES,
  type Role,
  type ServerPlan,
} from "../cluster/nats/index.ts";

const EXIT_USAGE = 2;
const SERVERS_MAX = 9;
const DAYS_MAX = 3_650;

const HELP = `Usage: npm run cluster:nats -- --for compose|kubernetes|hosts|local --out <folder> [options]

Writes what the NATS servers of a cluster are started from: configuration, accounts with a user for each purpose, and
certificates of an authority of your own. Made again over the same folder, authority, users and passwords stay, and the
certificates are new: that is how they are renewed.

  --for compose       three containers, as cluster/compose.yaml has them
  --for kubernetes    a StatefulSet, as cluster/kubernetes has it; --namespace <name>, default stockgrid
  --for hosts         machines of your own: --host <name> once for each, as clients and the other servers reach it
  --for local         the servers of \`npm run cluster -- --secure\`: --out is its folder \`secure\`
  --servers <n>       how many, for compose and kubernetes; default 3
  --cluster <name>    STOCKGRID_CLUSTER of the grid; default default
  --user <name=role>  one more user; roles are ${ROLES.join(", ")}
  --days <n>          validity of the certificates; default 825
  --out <folder>      keep it off the servers and out of version control: ca.key signs, users/ holds everybody's keys

Examples
  npm run cluster:nats -- --for compose --out cluster/secrets
  npm run cluster:nats -- --for kubernetes --out cluster/kubernetes/secrets --user shop=client --user pos=ingest
  npm run cluster:nats -- --for hosts --host nats-a.example --host nats-b.example --host nats-c.example --out secrets
`;

const OPTIONS = {
  for: { type: "string" },
  out: { type: "string" },
  host: { type: "string", multiple: true },
  user: { type: "string", multiple: true },
  servers: { type: "string", default: "3" },
  namespace: { type: "string", default: "stockgrid" },
  cluster: { type: "string", default: "default" },
  days: { type: "string", default: "825" },
  help: { type: "boolean", short: "h", default: false },
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

async function main(argv: readonly string[]): Promise<number> {
  try {
    const { values } = parseArgs({ args: [...argv], options: OPTIONS });
    if (values.help) {
      process.stdout.write(HELP);
      return 0;
    }
    const { out, cluster = "default" } = values;
    if (out === undefined) throw new RangeError("--out names the folder to write to");
    const plan = {
      out: resolve(out),
      cluster,
      servers: serversOf(values, out),
      users: usersOf(values),
      days: number(values, "days", DAYS_MAX),
    };
    process.stdout.write(report(await generateNats(plan)));
    return 0;
  } catch (error) {
    process.stderr.write(`cluster:nats: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT_USAGE;
  }
}

function serversOf(values: Values, out: string): ServerPlan[] {
  const { for: way, host = [], namespace = "stockgrid" } = values;
  if (way === "compose") return composeServers(number(values, "servers", SERVERS_MAX));
  if (way === "kubernetes") return kubernetesServers(number(values, "servers", SERVERS_MAX), namespace);
  if (way === "local") return localServers(out);
  if (way !== "hosts") throw new RangeError("--for takes compose, kubernetes, hosts or local");
  if (host.length === 0) throw new RangeError("--for hosts needs --host, once for each server");
  return hostServers(host);
}

function usersOf({ user = [] }: Values): { name: string; role: Role }[] {
  return user.map((text) => {
    const [name = "", word] = text.split("=");
    const role = ROLES.find((each) => each === word);
    if (role === undefined) throw new RangeError(`--user ${text}: write name=role, with one of ${ROLES.join(", ")}`);
    return { name, role };
  });
}

function number(values: Values, name: "servers" | "days", max: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new RangeError(`--${name} takes a whole number from 1 to ${max}`);
}

function report({ ca, users, configs }: Generated): string {
  const servers = [...configs].map(([name, path]) => `  ${name.padEnd(24)} ${path}\n`);
  const keys = [...users].map(([name, path]) => `  ${name.padEnd(24)} ${path}  (inbox ${inboxOf(name)})\n`);
  return `Servers\n${servers.join("")}Users: STOCKGRID_NATS_CREDS, or nats --nkey <file> --inbox-prefix <inbox>\n${keys.join("")}Authority: STOCKGRID_NATS_CA\n  ${ca}\n`;
}

process.exitCode = await main(process.argv.slice(2));
