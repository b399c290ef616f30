/** Images of shards between simulated members, over a channel of their links: one message asks for one chunk. What is not answered in time failed. */

import { deserialize, serialize } from "node:v8";
import type { ShardId } from "../../../src/base/index.ts";
import type { ImageChunk, ImageCursor, ImageSource, Read } from "../../../src/member/index.ts";
import type { Clock, Links } from "../../../src/ports/index.ts";

const ANSWER_MS_MAX = 2_000;

type GiveImage = (shard: ShardId, cursor: ImageCursor | undefined, done: (result: Read<ImageChunk>) => void) => void;

type Message =
  | { readonly kind: "ask"; readonly id: number; readonly shard: ShardId; readonly cursor: ImageCursor | undefined }
  | { readonly kind: "answer"; readonly id: number; readonly result: Read<ImageChunk> };

export class SimImages implements ImageSource {
  readonly #links: Links;
  readonly #clock: Clock;
  readonly #asked = new Map<number, (result: Read<ImageChunk>) => void>();
  #asks: number;

  constructor(links: Links, clock: Clock, give: GiveImage) {
    this.#links = links;
    this.#clock = clock;
    // An answer to an earlier start of this member, about another shard, means nothing to this one.
    this.#asks = clock.now() * 1_000;
    links.receive((from, bytes) => {
      const message = deserialize(bytes) as Message;
      if (message.kind === "answer") this.#asked.get(message.id)?.(message.result);
      else give(message.shard, message.cursor, (result) => this.#send(from, { kind: "answer", id: message.id, result }));
    });
  }

  fetch(owner: string, shard: ShardId, cursor: ImageCursor | undefined): Promise<ImageChunk> {
    const id = ++this.#asks;
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ANSWER_MS_MAX, () => {
        this.#asked.delete(id);
        reject(new Error(`${owner} did not answer`));
      });
      this.#asked.set(id, (result) => {
        cancel();
        this.#asked.delete(id);
        if (result.kind === "read") resolve(result.value);
        else reject(new Error(`${owner} gives no image of shard ${shard}: ${result.detail}`));
      });
      this.#send(owner, { kind: "ask", id, shard, cursor });
    });
  }

  fetchRestored(name: string): Promise<never> {
    return Promise.reject(new Error(`there is no image ${name}`));
  }

  #send(to: string, message: Message): void {
    this.#links.send(to, new Uint8Array(serialize(message)));
  }
}
