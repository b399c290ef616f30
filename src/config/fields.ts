/**
 * The table of settings: the one place that knows names, defaults and meanings. Flags, environment variables, file keys,
 * `stockgrid config`, `serve --help` and docs/configuration.md are all made from it.
 *
 * F1. The flag and the variable follow from the name: `httpPort` is `--http-port` and `STOCKGRID_HTTP_PORT`.
 * F2. A default goes through the same parser as any other value.
 */

import { availableParallelism, hostname } from "node:os";
import {
  apiKeys,
  hostAddress,
  logLevel,
  natsServers,
  oneOf,
  optionalPath,
  optionalText,
  type Parse,
  type Parsed,
  plainName,
  wholeNumber,
  withoutPassword,
  yesOrNo,
} from "./parse.ts";
import type { ApiKey, SettingName, Settings } from "./settings.ts";

const MEMBERS_DEFAULT_MAX = 8;

export interface Field<T> {
  readonly parse: Parse<T>;
  /** Text of the default; a function where it depends on the machine. */
  readonly default: string | (() => string);
  /** The default in words, where the text would not say it. */
  readonly defaultInWords?: string;
  readonly meaning: string;
  /** For print, where the value itself must not be seen or is no plain text. */
  readonly show?: (value: T) => string;
  /** The text given must never be repeated in an error. */
  readonly secret?: true;
}

export const FIELDS: { readonly [Name in SettingName]: Field<Settings[Name]> } = {
  httpPort: { parse: wholeNumber(0, 65_535), default: "8080", meaning: "port of HTTP; 0 lets the system choose a free one" },
  httpHost: {
    parse: hostAddress,
    default: "127.0.0.1",
    meaning: "address that HTTP listens on; anything but loopback needs API keys",
  },
  natsUrl: {
    parse: natsServers,
    default: "",
    meaning: "NATS servers, separated by commas; empty starts an embedded one, stored under the data folder",
    show: (value) => withoutPassword(value ?? ""),
    secret: true,
  },
  dataDir: {
    parse: requiredPath,
    default: "./data",
    meaning: "folder of the LMDB store and of the embedded NATS store; relative to the working folder",
  },
  members: {
    parse: wholeNumber(1, 64),
    default: () => String(Math.min(availableParallelism(), MEMBERS_DEFAULT_MAX)),
    defaultInWords: "number of cores, at most 8",
    meaning: "member threads of this node; fewer than before: the surplus gives its shards away and ends",
  },
  shards: {
    parse: wholeNumber(1, 4_096),
    default: "256",
    meaning: "shards of the cluster; fixed when the cluster is first started",
  },
  nodeId: {
    parse: plainName,
    default: () =>
      hostname()
        .replaceAll(/[^A-Za-z0-9_-]/g, "-")
        .slice(0, 64) || "node",
    defaultInWords: "host name",
    meaning: "who this node is",
  },
  cluster: { parse: plainName, default: "default", meaning: "which cluster this node belongs to" },
  apiKeys: {
    parse: apiKeys,
    default: "",
    meaning:
      "`name:scope+scope:secret`, several separated by commas; scopes are `read`, `write`, `admin`; a secret has at least 16 characters; empty: open, and it then listens on loopback only",
    show: showKeys,
    secret: true,
  },
  logLevel: {
    parse: logLevel,
    default: "info",
    meaning: "least level of log lines: `trace`, `debug`, `info`, `warn`, `error`, `fatal`, `silent`",
  },
  natsServer: {
    parse: optionalPath,
    default: "",
    meaning: "path of the `nats-server` program to embed; empty: the first of PATH, cache and download that is new enough",
  },
  queueMax: {
    parse: wholeNumber(1, 10_000_000),
    default: "10000",
    meaning: "commands that may wait for their commit before new ones are answered with 429",
  },
  natsUser: {
    parse: optionalText,
    default: "",
    meaning: "user to connect to NATS as, with `STOCKGRID_NATS_PASSWORD`; only with `STOCKGRID_NATS_URL`",
  },
  natsPassword: {
    parse: optionalText,
    default: "",
    meaning: "password of `STOCKGRID_NATS_USER`",
    show: (value) => (value === undefined ? "" : "***"),
    secret: true,
  },
  natsCreds: {
    parse: optionalPath,
    default: "",
    meaning: "path of a file with an nkey seed or NATS credentials, in place of user and password; read at every connect",
  },
  natsCa: {
    parse: optionalPath,
    default: "",
    meaning: "path of the CA certificates (PEM) that NATS servers must be signed by; naming it demands TLS",
  },
  natsCert: {
    parse: optionalPath,
    default: "",
    meaning: "path of this node's certificate (PEM), where the NATS servers ask for one; with `STOCKGRID_NATS_KEY`",
  },
  natsKey: { parse: optionalPath, default: "", meaning: "path of the key of `STOCKGRID_NATS_CERT`" },
  replicas: {
    parse: oneOf([1, 3, 5]),
    default: "1",
    meaning:
      "copies of the journal and of the cluster's state: 1, 3 or 5, at most as many as there are NATS servers; for streams that are made now",
  },
  handoverSeconds: {
    parse: wholeNumber(0, 600),
    default: "20",
    meaning: "seconds that a node which stops may take to hand its shards over",
  },
  checkpointSeconds: {
    parse: wholeNumber(1, 86_400),
    default: "10",
    meaning: "seconds between checkpoints; a restart replays what came after the last",
  },
  keyRetentionHours: {
    parse: wholeNumber(24, 8_784),
    default: "24",
    meaning: "hours an idempotency key is remembered; at least 24",
  },
  movementRetentionHours: {
    parse: wholeNumber(24, 87_840),
    default: "168",
    meaning: "hours the id of an applied movement is remembered; at least 24",
  },
  activeRecordsMax: {
    parse: wholeNumber(1_000, 100_000_000),
    default: "200000",
    meaning: "stock records kept in memory; colder ones are read from LMDB when touched",
  },
  feedEventsPerSecondMax: {
    parse: wholeNumber(100, 10_000_000),
    default: "25000",
    meaning: "events a second that the feed publishes at most, so that catching up leaves room for reservations",
  },
  sample: {
    parse: yesOrNo,
    default: "false",
    meaning: "import the shipped sample of real data when the data folder is new",
  },
};

export const SETTING_NAMES = Object.keys(FIELDS) as readonly SettingName[];

export function variableOf(name: SettingName): string {
  return `STOCKGRID_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** Without the leading dashes. */
export function flagOf(name: SettingName): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function defaultText(name: SettingName): string {
  const text = FIELDS[name].default;
  return typeof text === "string" ? text : text();
}

/** The value as a person may see it: keys and passwords hidden. */
export function shownValue<Name extends SettingName>(name: Name, value: Settings[Name]): string {
  const field: Field<Settings[Name]> = FIELDS[name];
  return field.show === undefined ? String(value ?? "") : field.show(value);
}

function requiredPath(text: string): Parsed<string> {
  return text.includes("\0") ? { wrong: "must be a path" } : { value: text };
}

function showKeys(keys: readonly ApiKey[]): string {
  return keys.map((key) => `${key.name}:${key.scopes.join("+")}:***`).join(",");
}
