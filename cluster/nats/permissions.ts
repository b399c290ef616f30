/**
 * Who may say and hear what: one table a role, rendered into the servers' configuration.
 *
 * P1. Lanes, the state of the cluster and the links between members are subjects of the account of the grid, and nothing exports them.
 * P2. Outsiders are in accounts of their own. Inside one account allow lists would not be enough: any request can name a lane as the subject
 *     of its reply, and any consumer as the subject it delivers to, and the server or a member would then write there in its own right.
 *     Across accounts the reply is rewritten, and a consumer delivers in the account it is in.
 * P3. A client listens to an inbox of its own, so that it does not see the answers to others.
 */

import { AVAILABILITY_BUCKET, AVAILABILITY_STREAM, bucketsOf, DEADLETTER_STREAM, EVENTS_STREAM } from "./names.ts";

/**
 * - `grid`: the members.
 * - `operator`: everything in the account of the grid: backup, restore, reshard, administration of streams.
 * - `client`: requests, discovery, events and availability.
 * - `clients-operator`: everything in the account of clients: makes the mirrors they read from.
 * - `ingest`: publishes inbound messages.
 * - `sys`: the servers themselves: `nats server ...`.
 */
export const ROLES = ["grid", "operator", "client", "clients-operator", "ingest", "sys"] as const;
export type Role = (typeof ROLES)[number];

export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

const EVERYTHING: Permissions = { publish: [">"], subscribe: [">"] };

export function permissionsOf(role: Role, user: string, cluster: string): Permissions {
  switch (role) {
    case "grid":
      return gridPermissions(cluster);
    case "client":
      return clientPermissions(inboxOf(user));
    case "ingest":
      return { publish: ["stock.ingest.>"], subscribe: [`${inboxOf(user)}.>`] };
    case "operator":
    case "clients-operator":
    case "sys":
      return EVERYTHING;
  }
}

/** The prefix of its inbox that a user has to be started with, in nats.js `inboxPrefix`, in the `nats` command `--inbox-prefix`. */
export function inboxOf(user: string): string {
  return `_INBOX.${user}`;
}

/** Whatever keeps the grid going, and not: deleting streams or messages other than dead letters, moving replicas, snapshots, other clusters' state. */
function gridPermissions(cluster: string): Permissions {
  const { state, members, images } = bucketsOf(cluster);
  return {
    publish: [
      "stockgrid.lane.>",
      "stockgrid.link.>",
      "stock.events.>",
      "stock.feed.cursor.>",
      "stock.feed.order",
      "stock.signals",
      "stock.deadletter.>",
      `$KV.${state}.>`,
      `$KV.${members}.>`,
      `$KV.${AVAILABILITY_BUCKET}.>`,
      `$O.${images}.>`,
      "$JS.API.INFO",
      "$JS.API.STREAM.CREATE.*",
      "$JS.API.STREAM.UPDATE.*",
      "$JS.API.STREAM.INFO.*",
      "$JS.API.STREAM.PURGE.*",
      "$JS.API.STREAM.MSG.GET.*",
      // A dead letter that was replayed goes.
      `$JS.API.STREAM.MSG.DELETE.${DEADLETTER_STREAM}`,
      "$JS.API.STREAM.LIST",
      "$JS.API.STREAM.NAMES",
      "$JS.API.CONSUMER.>",
      "$JS.API.DIRECT.GET.>",
      "$JS.ACK.>",
      "$JS.FC.>",
      // Answers: to members and operators, and to what came in from other accounts.
      "_INBOX.>",
      "_R_.>",
    ],
    subscribe: ["stockgrid.v1.>", "stockgrid.link.>", "$SRV.>", "_INBOX.>"],
  };
}

function clientPermissions(inbox: string): Permissions {
  return {
    publish: ["stockgrid.v1.>", "$SRV.>", "$JS.API.INFO", ...readingOf(EVENTS_STREAM), ...readingOf(AVAILABILITY_STREAM)],
    subscribe: [`${inbox}.>`],
  };
}

/** Reading a mirror, by consumers of one's own or message by message. */
function readingOf(stream: string): string[] {
  return [
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}`,
    `$JS.API.DIRECT.GET.${stream}.>`,
    `$JS.API.CONSUMER.CREATE.${stream}`,
    `$JS.API.CONSUMER.CREATE.${stream}.>`,
    `$JS.API.CONSUMER.INFO.${stream}.*`,
    `$JS.API.CONSUMER.DELETE.${stream}.*`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
    `$JS.ACK.${stream}.>`,
    `$JS.FC.${stream}.>`,
  ];
}
