/** What the HTTP front end is given, and its bounds. */

import type { AliasBook } from "../../aliases/index.ts";
import type { Intake } from "../../intake/index.ts";
import type { Grid, MemberPhase } from "../../member/index.ts";
import type { DeadLetters, EventTail, Log } from "../../ports/index.ts";
import type { ClusterAdmin, ProblemSlug } from "../contract/index.ts";

/** `admin` includes the others; `write` does not include `read`, so that a key of a till cannot look around. */
export type Scope = "read" | "write" | "admin";

export interface ApiKey {
  /** For logs. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly secret: string;
}

export interface HttpObserver {
  /** Once per answered request; `route` is the pattern of its path. Seconds from the parsed request to its answer. */
  request(route: string, method: string, status: number, seconds: number): void;
  problem(slug: ProblemSlug): void;
}

export interface HttpLimits {
  /** Bytes of a body of `POST /v1/movements` and of a batch of events. */
  readonly movementsBodyBytesMax: number;
  /** Bytes of any other body. */
  readonly bodyBytesMax: number;
  readonly headerBytesMax: number;
  readonly connectionsMax: number;
  /** For the whole request to arrive. */
  readonly requestTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Listeners of `GET /v1/events` at once. */
  readonly eventStreamsMax: number;
  /** Bytes that may wait for one slow listener before it is let go. */
  readonly eventStreamBufferBytesMax: number;
  readonly eventStreamHeartbeatMs: number;
}

const MIB = 1_048_576;

export const HTTP_LIMITS: HttpLimits = {
  movementsBodyBytesMax: 8 * MIB,
  bodyBytesMax: MIB,
  headerBytesMax: 16_384,
  connectionsMax: 20_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 72_000,
  eventStreamsMax: 1_000,
  eventStreamBufferBytesMax: MIB,
  eventStreamHeartbeatMs: 15_000,
};

export interface HttpServerOptions {
  readonly grid: Grid;
  phase(): MemberPhase;
  readonly events: EventTail;
  /** Absent: there are no routes under /v1/cluster. */
  readonly admin?: ClusterAdmin | undefined;
  /** Absent: there are no routes for events of sources and dead letters. */
  readonly ingest?: { readonly intake: Pick<Intake, "take">; readonly deadLetters: DeadLetters } | undefined;
  /** Absent: there are no routes for aliases. */
  readonly aliases?: Pick<AliasBook, "get" | "list" | "put" | "remove"> | undefined;
  /** Empty: open to whoever reaches the port. */
  readonly apiKeys: readonly ApiKey[];
  readonly cluster: string;
  readonly version: string;
  readonly metricsText?: (() => Promise<string>) | undefined;
  /** Of the metrics. */
  readonly contentType?: string | undefined;
  readonly observe?: HttpObserver | undefined;
  /** While it gives milliseconds, requests under /v1 are turned away at the door with 429 and that time. */
  readonly overloaded?: (() => number | undefined) | undefined;
  readonly limits?: Partial<HttpLimits> | undefined;
  readonly log?: Log | undefined;
}

/** Options with every limit settled. */
export interface HttpContext extends HttpServerOptions {
  readonly limits: HttpLimits;
}
