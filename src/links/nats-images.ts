/**
 * Images of shards between members, over NATS requests on a subject of their own: bulk, apart from the links that commands wait for. One request is one
 * chunk.
 */

import { headers, type Msg, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import { Packr } from "msgpackr";
import type { Fault, ShardId } from "../base/index.ts";
import type { ImageChunk, ImageCursor, Read } from "../member/index.ts";

const SUBJECT_PREFIX = "stockgrid.link.image.";
const ANSWER_MS_MAX = 10_000;
const ERROR_HEADER = "Stockgrid-Error";

const packr = new Packr({ useRecords: false, mapsAsObjects: true, encodeUndefinedAsNil: true });

/** Gives a chunk of a shard that is served here. */
export type GiveImage = (shard: ShardId, cursor: ImageCursor | undefined, done: (result: Read<ImageChunk>) => void) => void;

/** Answers requests for images of this member's shards until the subscription ends. */
export function serveImages(connection: NatsConnection, lane: string, give: GiveImage): Subscription {
  return connection.subscribe(SUBJECT_PREFIX + lane, {
    callback: (error, message) => {
      if (error === null) answer(message, give);
    },
  });
}

function answer(message: Msg, give: GiveImage): void {
  const [shard, cursor] = packr.unpack(message.data) as [ShardId, ImageCursor | null];
  give(shard, cursor ?? undefined, (result) => {
    if (result.kind === "read") message.respond(packr.pack(result.value));
    else message.respond(undefined, { headers: refusal(result) });
  });
}

function refusal({ detail }: Fault): ReturnType<typeof headers> {
  const made = headers();
  made.set(ERROR_HEADER, detail);
  return made;
}

/** The next chunk from the shard's owner. Rejects when the owner is away, or refuses. */
export async function fetchImage(
  connection: NatsConnection,
  owner: string,
  shard: ShardId,
  cursor: ImageCursor | undefined,
): Promise<ImageChunk> {
  const body = packr.pack([shard, cursor ?? null]);
  const reply = await connection.request(SUBJECT_PREFIX + owner, body, { timeout: ANSWER_MS_MAX });
  const refused = reply.headers?.get(ERROR_HEADER) ?? "";
  if (refused !== "") throw new Error(`${owner} gives no image of shard ${shard}: ${refused}`);
  const chunk = packr.unpack(reply.data) as ImageChunk & { next: ImageCursor | null | undefined };
  return { ...chunk, next: chunk.next ?? undefined };
}
