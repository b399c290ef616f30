/** Every message between the main thread of a node and its member threads. */

import type { MessagePort } from "node:worker_threads";
import type { LaneSeq } from "./base/index.ts";
import type { Settings } from "./config/index.ts";
import type { NatsOptions } from "./nats/index.ts";

/** Of the program. */
export const VERSION = "0.2.0";
/** Members a node may have. */
export const MEMBERS_MAX = 64;

/** What a member thread is started with. */
export interface MemberThreadData {
  readonly settings: Settings;
  readonly nats: NatsOptions;
  /** Position in the node, from 0; part of its lane's name. */
  readonly number: number;
  readonly lane: string;
  /** Where HTTP listens; 0 lets the system choose. All members of a node share the port. */
  readonly httpPort: number;
}

export type ToMemberThread =
  /** A sibling can be reached through this port from now on. */
  | { readonly kind: "peer"; readonly lane: string; readonly port: MessagePort }
  /** The feed has published the own lane up to here, for good. */
  | { readonly kind: "published"; readonly seq: LaneSeq }
  /** Give everything away to others, if there are any. Answered with `left`. */
  | { readonly kind: "leave"; readonly deadlineMs: number }
  /** Stop. The thread ends when it has. */
  | { readonly kind: "stop" }
  | { readonly kind: "collect-metrics"; readonly id: number }
  /** Answers `ask-metrics`. */
  | { readonly kind: "metrics-of-node"; readonly id: number; readonly text: string }
  /** Answers `resize`; `problem` when it could not be done. */
  | { readonly kind: "resized"; readonly id: number; readonly problem: string | undefined };

export type FromMemberThread =
  /** HTTP listens. */
  | { readonly kind: "listening"; readonly httpUrl: string; readonly httpPort: number }
  /** Every shard that is its own is served. Sent once. */
  | { readonly kind: "serving" }
  /** It cannot go on, and the node should not either. */
  | { readonly kind: "failed"; readonly name: string; readonly message: string }
  | { readonly kind: "left"; readonly shards: number }
  | { readonly kind: "log"; readonly level: "info" | "warn" | "error"; readonly fields: object; readonly message: string }
  | { readonly kind: "metrics"; readonly id: number; readonly text: string }
  | { readonly kind: "ask-metrics"; readonly id: number }
  /** As this member sees it, its node is the one that publishes the feed. */
  | { readonly kind: "leads"; readonly leads: boolean }
  /** An operator wants this many members in the node. */
  | { readonly kind: "resize"; readonly id: number; readonly members: number };
