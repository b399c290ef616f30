/** A bucket within the test. Watches hear of changes at once, or when the test says so. */

import type { KeyValue, KeyValueEntry } from "../../src/ports/index.ts";

type OnChange = (key: string, entry: KeyValueEntry | undefined) => void;

export class MemoryBucket {
  readonly #entries = new Map<string, KeyValueEntry>();
  readonly #watches = new Set<OnChange>();
  #revision = 0;
  /** Watches hear nothing while it is true; `catchUp` shows them all. */
  silent = false;
  /** Answers nothing: every call rejects. */
  away = false;
  gets = 0;

  view(): KeyValue {
    return {
      get: async (key) => {
        this.#present();
        this.gets++;
        return this.#entries.get(key);
      },
      put: async (key, value, expected) => {
        this.#present();
        return (this.#entries.get(key)?.revision ?? 0) === expected ? this.#store(key, value) : undefined;
      },
      overwrite: async (key, value) => {
        this.#present();
        return this.#store(key, value);
      },
      delete: async (key) => {
        this.#present();
        this.#revision++;
        if (this.#entries.delete(key)) this.#tell(key, undefined);
      },
      watch: (onChange, onSettled) => this.#watch(onChange, onSettled),
    };
  }

  catchUp(): void {
    this.silent = false;
    for (const [key, entry] of this.#entries) this.#tell(key, entry);
  }

  #present(): void {
    if (this.away) throw new Error("the bucket does not answer");
  }

  #store(key: string, value: Uint8Array): number {
    const entry = { key, value: value.slice(), revision: ++this.#revision };
    this.#entries.set(key, entry);
    this.#tell(key, entry);
    return entry.revision;
  }

  #tell(key: string, entry: KeyValueEntry | undefined): void {
    if (this.silent) return;
    for (const onChange of this.#watches) onChange(key, entry);
  }

  #watch(onChange: OnChange, onSettled: () => void): () => void {
    let stopped = false;
    const show: OnChange = (key, entry) => {
      if (!stopped) onChange(key, entry);
    };
    queueMicrotask(() => {
      for (const [key, entry] of this.#entries) show(key, entry);
      if (stopped) return;
      this.#watches.add(show);
      onSettled();
    });
    return () => {
      stopped = true;
      this.#watches.delete(show);
    };
  }
}
