/** A bucket as one simulated process sees it: changes that are lost, late, or stored with their answer lost; all of these reject. */

import type { KeyValue, KeyValueEntry } from "../../../src/ports/index.ts";
import { copyOf } from "./bytes.ts";
import type { BucketChange, SimBucket } from "./sim-bucket.ts";
import type { SimConnection } from "./sim-connection.ts";
import { SimWatch } from "./sim-watch.ts";

export class SimKeyValue implements KeyValue {
  readonly #bucket: SimBucket;
  readonly #connection: SimConnection;

  constructor(bucket: SimBucket, connection: SimConnection) {
    this.#bucket = bucket;
    this.#connection = connection;
  }

  get(key: string): Promise<KeyValueEntry | undefined> {
    return this.#connection.ask(this.#connection.weather.bucketAskFails(), () => entryOf(this.#bucket.newest(key)));
  }

  put(key: string, value: Uint8Array, expected: number): Promise<number | undefined> {
    const sent = copyOf(value);
    return this.#change(() => this.#bucket.put(key, sent, expected));
  }

  overwrite(key: string, value: Uint8Array): Promise<number> {
    const sent = copyOf(value);
    return this.#change(() => this.#bucket.overwrite(key, sent));
  }

  delete(key: string): Promise<void> {
    return this.#change(() => this.#bucket.delete(key));
  }

  watch(onChange: (key: string, entry: KeyValueEntry | undefined) => void, onSettled: () => void): () => void {
    const watch = new SimWatch(this.#bucket, this.#connection, (change) => onChange(change.key, entryOf(change)), onSettled);
    return () => watch.end();
  }

  #change<T>(change: () => T): Promise<T> {
    const { process, weather } = this.#connection;
    if (!process.enter()) return new Promise<never>(() => undefined);
    const fate = weather.bucketFate();
    const { appendTimeoutMs } = weather.rates;
    return new Promise((resolve, reject) => {
      const giveUp = process.guardTimer(() => reject(new Error("the bucket did not answer in time; the outcome is unknown")));
      const cancel = process.scheduler.schedule(appendTimeoutMs, giveUp);
      const arrive = (): void => {
        const result = change();
        if (fate !== "stored") return;
        this.#connection.hear(() => {
          cancel();
          resolve(result);
        });
      };
      if (fate !== "lost") this.#connection.send(this.#bucket.name, fate === "late" ? appendTimeoutMs + 1 : 0, arrive);
    });
  }
}

function entryOf(change: BucketChange | undefined): KeyValueEntry | undefined {
  if (change?.value === undefined) return undefined;
  return { key: change.key, value: copyOf(change.value), revision: change.revision };
}
