/**
 * The configuration text of one NATS server, alone or of a cluster.
 *
 * C1. Nothing is acknowledged before it is on the disk: `sync_interval: always`.
 * C2. Monitoring listens on loopback only: it shows subjects and addresses, and asks nobody who they are.
 * C3. Servers tell clients and each other no addresses: those in the configuration are the ones the certificates are for.
 */

const MIB = 1024 * 1024;
/** Of one message with its headers: 10,000 movements fit. */
const MAX_PAYLOAD_BYTES = 8 * MIB;
/** Who is alive is kept in memory: a few kilobytes a member. */
const MEMORY_STORE_BYTES = 256 * MIB;
const ROUTE_AUTH_SECONDS = 5;

/** Paths as the server sees them. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface RouteConfig {
  /** Name of the NATS cluster; the same on all servers. */
  readonly cluster: string;
  /** `address:port`. */
  readonly listen: string;
  /** `host:port` of every server of the cluster; its own is passed over by the server. */
  readonly peers: readonly string[];
  /** Shared by the servers; undefined: routes are open, for one machine only. */
  readonly password?: string | undefined;
}

export interface ServerConfig {
  /** Unique in the cluster; `$NAME` takes it from the environment. */
  readonly name: string;
  /** `address:port` for clients and for monitoring. */
  readonly listen: string;
  readonly monitor: string;
  readonly storeDir: string;
  readonly routes?: RouteConfig | undefined;
  /** For clients and routes. Routes verify each other, clients are known by their keys. */
  readonly tls?: CertificateFiles | undefined;
  /** A file beside the configuration; undefined: anybody may do anything, for one machine only. */
  readonly accounts?: string | undefined;
  readonly logFile?: string | undefined;
}

const ROUTE_USER = "route";

export function serverConfigText(config: ServerConfig): string {
  const { name, listen, monitor, storeDir, routes, tls, accounts, logFile } = config;
  const parts = [
    `server_name: ${name.startsWith("$") ? name : quoted(name)}`,
    `listen: ${quoted(listen)}`,
    `http: ${quoted(monitor)}`,
    `max_payload: ${MAX_PAYLOAD_BYTES}`,
    ...(logFile === undefined ? [] : [`log_file: ${quoted(logFile)}`]),
    jetstreamText(storeDir),
    ...(tls === undefined ? [] : [clientTlsText(tls)]),
    ...(routes === undefined ? [] : [routesText(routes, tls)]),
    ...(accounts === undefined ? [] : [`include ${quoted(accounts)}`]),
  ];
  return `${parts.join("\n")}\n`;
}

function jetstreamText(storeDir: string): string {
  return `jetstream {
  store_dir: ${quoted(storeDir)}
  max_memory_store: ${MEMORY_STORE_BYTES}
  # An acknowledged reservation survives a power loss only when each write is synced. Do not relax it for the journal.
  sync_interval: always
}`;
}

function clientTlsText({ ca, cert, key }: CertificateFiles): string {
  return `tls {
  cert_file: ${quoted(cert)}
  key_file: ${quoted(key)}
  ca_file: ${quoted(ca)}
  timeout: 5
}`;
}

function routesText({ cluster, listen, peers, password }: RouteConfig, tls: CertificateFiles | undefined): string {
  const login = password === undefined ? "" : `${ROUTE_USER}:${password}@`;
  const authorization =
    password === undefined
      ? ""
      : `  authorization { user: ${ROUTE_USER}, password: ${quoted(password)}, timeout: ${ROUTE_AUTH_SECONDS} }\n`;
  return `cluster {
  name: ${quoted(cluster)}
  listen: ${quoted(listen)}
  no_advertise: true
${authorization}${tls === undefined ? "" : routeTlsText(tls)}  routes: [
${peers.map((peer) => `    ${quoted(`nats-route://${login}${peer}`)}\n`).join("")}  ]
}`;
}

function routeTlsText({ ca, cert, key }: CertificateFiles): string {
  return `  tls { cert_file: ${quoted(cert)}, key_file: ${quoted(key)}, ca_file: ${quoted(ca)}, verify: true, timeout: 5 }\n`;
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
