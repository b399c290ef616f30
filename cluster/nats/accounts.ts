/** The accounts of the servers as configuration text: who is in which, and what crosses from one to another. */

import { ACCOUNTS, AVAILABILITY_STREAM, EVENTS_STREAM, GRID_API_PREFIX, MIRROR_PREFIX } from "./names.ts";
import { permissionsOf, type Role } from "./permissions.ts";

export interface NatsUser {
  /** Unique; letters, digits, `-` and `_`. */
  readonly name: string;
  readonly role: Role;
  /** Public nkey, `U...`: the servers hold no secret of a user. */
  readonly publicKey: string;
}

export interface AccountsPlan {
  readonly cluster: string;
  readonly users: readonly NatsUser[];
}

/** Streams and consumers of the account of clients are theirs to use up, so they are bounded: the two mirrors, and readers of them. */
const CLIENT_STREAMS_MAX = 2;
const CLIENT_CONSUMERS_MAX = 1_000;

const ACCOUNT_OF: Readonly<Record<Role, string>> = {
  grid: ACCOUNTS.grid,
  operator: ACCOUNTS.grid,
  client: ACCOUNTS.clients,
  "clients-operator": ACCOUNTS.clients,
  ingest: ACCOUNTS.ingest,
  sys: ACCOUNTS.system,
};

/** To see how far a stream is, and to create the consumer of its mirror, which delivers into the account of clients as {@link MIRROR_PREFIX}. */
const MIRROR_SERVICES = [EVENTS_STREAM, AVAILABILITY_STREAM].flatMap((stream) => [
  `STREAM.INFO.${stream}`,
  `CONSUMER.CREATE.${stream}`,
  `CONSUMER.CREATE.${stream}.>`,
]);
const FLOW_CONTROL = [EVENTS_STREAM, AVAILABILITY_STREAM].map((stream) => `$JS.FC.${stream}.>`);

/** For `include` in a server's configuration; the same on every server. */
export function accountsText(plan: AccountsPlan): string {
  return `# Made by scripts/cluster-nats.ts for the cluster ${plan.cluster}; changes made here are lost.
accounts {
${account(plan, ACCOUNTS.grid, ["jetstream: enabled", list("exports", gridExports())])}
${account(plan, ACCOUNTS.clients, [
  `jetstream { max_streams: ${CLIENT_STREAMS_MAX}, max_consumers: ${CLIENT_CONSUMERS_MAX} }`,
  list("imports", clientImports()),
])}
${account(plan, ACCOUNTS.ingest, [list("imports", [imported("stock.ingest.>")])])}
${account(plan, ACCOUNTS.system, [])}
}
system_account: ${ACCOUNTS.system}
`;
}

function account(plan: AccountsPlan, name: string, parts: readonly string[]): string {
  const users = plan.users.filter((user) => ACCOUNT_OF[user.role] === name);
  const all = [
    ...parts,
    list(
      "users",
      users.map((user) => userText(user, plan.cluster)),
    ),
  ];
  return `  ${name} {\n${all.map((part) => `    ${part}\n`).join("")}  }`;
}

function userText({ name, role, publicKey }: NatsUser, cluster: string): string {
  const { publish, subscribe } = permissionsOf(role, name, cluster);
  return `# ${name}\n      { nkey: ${publicKey}, permissions: { publish: ${subjects(publish)}, subscribe: ${subjects(subscribe)} } }`;
}

function gridExports(): string[] {
  const to = (account: string): string => `accounts: [${account}]`;
  return [
    `{ service: "stockgrid.v1.>", ${to(ACCOUNTS.clients)} }`,
    // Discovery has an answer from every member.
    `{ service: "$SRV.>", response_type: stream, ${to(ACCOUNTS.clients)} }`,
    `{ service: "stock.ingest.>", ${to(ACCOUNTS.ingest)} }`,
    ...MIRROR_SERVICES.map((tail) => `{ service: "$JS.API.${tail}", ${to(ACCOUNTS.clients)} }`),
    ...FLOW_CONTROL.map((subject) => `{ service: "${subject}", ${to(ACCOUNTS.clients)} }`),
    `{ stream: "${MIRROR_PREFIX}.>", ${to(ACCOUNTS.clients)} }`,
  ];
}

function clientImports(): string[] {
  return [
    imported("stockgrid.v1.>"),
    imported("$SRV.>"),
    ...MIRROR_SERVICES.map((tail) => imported(`$JS.API.${tail}`, `${GRID_API_PREFIX}.${tail}`)),
    ...FLOW_CONTROL.map((subject) => imported(subject)),
    `{ stream: { account: ${ACCOUNTS.grid}, subject: "${MIRROR_PREFIX}.>" } }`,
  ];
}

function imported(subject: string, to?: string): string {
  const renamed = to === undefined ? "" : `, to: "${to}"`;
  return `{ service: { account: ${ACCOUNTS.grid}, subject: "${subject}" }${renamed} }`;
}

function list(name: string, items: readonly string[]): string {
  return `${name}: [\n${items.map((item) => `      ${item}\n`).join("")}    ]`;
}

function subjects(all: readonly string[]): string {
  return `[${all.map((subject) => JSON.stringify(subject)).join(", ")}]`;
}
