/**
 * How commands that work on the state of a whole grid reach its NATS: the server of the settings, that of the node which runs on the data folder, or, with the
 * nodes stopped, the embedded one of the data folder, started for the time of the command.
 */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { NatsConnection } from "@nats-io/nats-core";
import { loadSettings, type Settings, settingsProblemText } from "../config/index.ts";
import { startEmbeddedNats } from "../embedded-nats/index.ts";
import { connectNats, type NatsOptions, natsOptions } from "../nats/index.ts";
import type { Log } from "../ports/index.ts";
import { type CommandContext, CommandFailed, UsageError } from "./command.ts";
import { asRecord } from "./connection.ts";

export const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Settings of a node that such a command takes too. */
export const GRID_OPTIONS = {
  config: { type: "string" },
  "data-dir": { type: "string" },
  "nats-url": { type: "string" },
  "nats-server": { type: "string" },
  "nats-user": { type: "string" },
  "nats-password": { type: "string" },
  "nats-creds": { type: "string" },
  "nats-ca": { type: "string" },
  "nats-cert": { type: "string" },
  "nats-key": { type: "string" },
  cluster: { type: "string" },
} as const;

export const GRID_HELP = `  --nats-url <urls>     the NATS servers; default: $STOCKGRID_NATS_URL, else those of the data folder
  --nats-creds <path>, --nats-user, --nats-password, --nats-ca, --nats-cert, --nats-key
                        as for \`stockgrid serve\`; a cluster with accounts wants the user \`operator\`
  --cluster <name>      which cluster (default)
  --data-dir <dir>      the data folder of a node with an embedded server (./data)
  --config <path>       settings from a file
  --json                machine-readable output
  --help                this text
`;

type Given = { readonly [Name in keyof typeof GRID_OPTIONS]?: string | undefined };

/** Throws UsageError for settings that make no sense. */
export function gridSettings(values: Given, { env, cwd }: Pick<CommandContext, "env" | "cwd">): Settings {
  const names = Object.keys(GRID_OPTIONS) as (keyof typeof GRID_OPTIONS)[];
  const argv = names.flatMap((name) => (values[name] === undefined ? [] : [`--${name}`, values[name]]));
  const settings = loadSettings({ argv, env, cwd });
  if ("httpPort" in settings) return settings;
  throw new UsageError(settings.map(settingsProblemText).join("\n"));
}

export interface GridNats {
  readonly connection: NatsConnection;
  close(): Promise<void>;
}

/** `startEmbedded`: the embedded server of the data folder may be started; else a running one is needed. Throws CommandFailed. */
export async function connectGrid(settings: Settings, startEmbedded: boolean): Promise<GridNats> {
  const running = runningNode(settings.dataDir);
  const url = settings.natsUrl ?? running?.natsUrl;
  if (url !== undefined) {
    const connection = await connected(natsOptions(settings, url));
    return { connection, close: () => connection.close() };
  }
  if (!startEmbedded) throw new CommandFailed(`no running node on ${settings.dataDir}, and no --nats-url: nothing to ask`);
  const { dataDir, natsServer } = settings;
  const server = await startEmbeddedNats({ dataDir, log: QUIET, ...(natsServer === undefined ? {} : { binary: natsServer }) });
  const connection = await connected(natsOptions(settings, server.url));
  return { connection, close: () => connection.close().finally(() => server.stop()) };
}

const CONNECT_MS_MAX = 15_000;

/** Throws CommandFailed, with the reason of the first try, when no server lets it in within `msMax`. */
export async function connected(nats: NatsOptions, msMax = CONNECT_MS_MAX): Promise<NatsConnection> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  let reason = "";
  const warn: Log["warn"] = (fields) => {
    if ("reason" in fields) reason = `: ${String(fields.reason)}`;
  };
  const timer = setTimeout(() => reject(new CommandFailed(`NATS at ${nats.url} does not answer${reason}`)), msMax);
  try {
    return await Promise.race([connectNats({ ...nats, name: "stockgrid command", log: { ...QUIET, warn } }), late]);
  } finally {
    clearTimeout(timer);
  }
}

export interface NodeAddresses {
  readonly httpUrl: string;
  readonly natsUrl: string;
}

/** A node.json whose process is gone was left by a crash. */
export function runningNode(dataDir: string): NodeAddresses | undefined {
  const path = join(dataDir, "node.json");
  if (!existsSync(path)) return undefined;
  const { pid, httpUrl, natsUrl } = asRecord(JSON.parse(readFileSync(path, "utf8")));
  if (typeof httpUrl !== "string" || typeof natsUrl !== "string" || !isAlive(Number(pid))) return undefined;
  return { httpUrl, natsUrl };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
