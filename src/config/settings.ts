/** What one node runs with, after flags, environment, file and defaults were weighed. Plain data, checked, nothing optional left open. */

/** What a key may do. `admin` includes the others; `write` does not include `read`, so that a key of a till cannot look around. */
export const API_SCOPES = ["read", "write", "admin"] as const;
export type ApiScope = (typeof API_SCOPES)[number];

export interface ApiKey {
  /** For logs and metrics; unique. */
  readonly name: string;
  readonly scopes: readonly ApiScope[];
  /** At least 16 characters; unique. */
  readonly secret: string;
}

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Settings {
  /** 0 to 65,535; 0 lets the system choose. */
  readonly httpPort: number;
  readonly httpHost: string;
  /** Comma-separated server addresses; undefined starts an embedded server. */
  readonly natsUrl: string | undefined;
  /** User and password, or the file of credentials: never both, and only with `natsUrl`. */
  readonly natsUser: string | undefined;
  readonly natsPassword: string | undefined;
  /** Path of a file with an nkey seed, or with a JWT and its seed. */
  readonly natsCreds: string | undefined;
  /** Path of the certificates of the authorities that NATS servers are trusted by; undefined: those of the system. */
  readonly natsCa: string | undefined;
  /** Paths of this node's own certificate and key; both or neither. */
  readonly natsCert: string | undefined;
  readonly natsKey: string | undefined;
  /** Copies of lanes and of the cluster's state: 1, 3 or 5. Only for streams that are made now. */
  readonly replicas: number;
  /** Absolute path. */
  readonly dataDir: string;
  /** Member threads of this node. */
  readonly members: number;
  /** Fixed when a cluster is first started. */
  readonly shards: number;
  readonly nodeId: string;
  readonly cluster: string;
  /** Empty: open, and then HTTP listens on loopback only. */
  readonly apiKeys: readonly ApiKey[];
  readonly logLevel: LogLevel;
  /** Path of a `nats-server` program; undefined: find one. */
  readonly natsServer: string | undefined;
  /** Commands that may wait for their commit before new ones get 429. */
  readonly queueMax: number;
  readonly checkpointSeconds: number;
  /** How long leaving on purpose may hand shards over, before what is left is taken over by others. */
  readonly handoverSeconds: number;
  /** How long the outcome of an idempotency key is remembered; at least 24. */
  readonly keyRetentionHours: number;
  readonly movementRetentionHours: number;
  /** Stock records kept in memory. */
  readonly activeRecordsMax: number;
  /** Events a second that the feed publishes at most. */
  readonly feedEventsPerSecondMax: number;
  /** Import the shipped sample when the data folder is new. */
  readonly sample: boolean;
}

export type SettingName = keyof Settings;
