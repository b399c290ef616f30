/**
 * Images of restored shards in a JetStream object store: put by whoever restores, got by the members that claim the shards. One object is one chunk, so that
 * no side ever has more than that in memory. The store checks each object by its SHA-256.
 */

import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/nats-core";
import { type ObjectStore, Objm } from "@nats-io/obj";
import { Packr } from "msgpackr";
import type { ImageCursor, ImageRow } from "../member/index.ts";

const packr = new Packr({ useRecords: false });

type Body = readonly [isLast: boolean, rows: readonly (readonly [table: string, key: string, value: Uint8Array])[]];

export interface RestoredChunk {
  readonly rows: readonly ImageRow[];
  readonly next: ImageCursor | undefined;
}

/** Bucket of the images of a cluster. */
export function imageBucket(cluster: string): string {
  return `STOCKGRID_IMAGES_${cluster}`;
}

/** Name of the image of a shard, as the shard map has it. */
export function imageName(life: string, shard: number): string {
  return `${life}/${shard}`;
}

export class ImageObjects {
  readonly #connection: NatsConnection;
  readonly #bucket: string;
  #store: ObjectStore | undefined;

  constructor(connection: NatsConnection, cluster: string) {
    this.#connection = connection;
    this.#bucket = imageBucket(cluster);
  }

  /** Makes the bucket if it is missing. */
  async create(replicas: number): Promise<void> {
    this.#store = await new Objm(jetstream(this.#connection)).create(this.#bucket, { replicas });
  }

  /** Puts the chunk with this number, from 0, of an image. */
  async put(name: string, number: number, rows: readonly ImageRow[], isLast: boolean): Promise<void> {
    const body: Body = [isLast, rows.map(({ table, key, value }) => [table, key, value])];
    await (await this.#opened()).putBlob({ name: `${name}/${number}` }, packr.pack(body));
  }

  /** The next chunk. Rejects when it is not there, is damaged, or cannot be had now. */
  async get(name: string, cursor: ImageCursor | undefined): Promise<RestoredChunk> {
    const number = cursor === undefined ? 0 : Number(cursor.after);
    const bytes = await (await this.#opened()).getBlob(`${name}/${number}`);
    if (bytes === null) throw new Error(`chunk ${number} of image ${name} is not in bucket ${this.#bucket}`);
    const [isLast, rows] = packr.unpack(bytes) as Body;
    return {
      rows: rows.map(([table, key, value]) => ({ table: table as ImageRow["table"], key, value })),
      next: isLast ? undefined : { table: "records", after: String(number + 1) },
    };
  }

  /** Removes all images but those whose names begin with `life`. */
  async removeOthers(life: string): Promise<void> {
    const store = await this.#opened();
    for (const { name } of await store.list()) if (!name.startsWith(`${life}/`)) await store.delete(name);
  }

  async #opened(): Promise<ObjectStore> {
    this.#store ??= await new Objm(jetstream(this.#connection)).open(this.#bucket);
    return this.#store;
  }
}
