/**
 * A small key-value bucket that all members share: the shard map, locations, who is alive.
 *
 * B1. `put` stores a value only while the newest revision of the key is `expected`; of any number of racing writers one wins.
 * B2. `get` answers as the leader of the bucket has it, never from a copy that may be behind.
 * B3. `watch` shows every key's newest value in the end, in the order of revisions per key; values in between may be left out.
 */

export interface KeyValueEntry {
  readonly key: string;
  readonly value: Uint8Array;
  /** Grows with every change of the bucket; at least 1. */
  readonly revision: number;
}

export interface KeyValue {
  /** Rejects when the leader cannot be asked. */
  get(key: string): Promise<KeyValueEntry | undefined>;
  /**
   * `expected` is the revision the key must have now, 0 for a key that does not exist. Resolves to the new revision, or to undefined when
   * another writer was first and nothing was stored. Rejects when the outcome is unknown: read again before deciding anything.
   */
  put(key: string, value: Uint8Array, expected: number): Promise<number | undefined>;
  /** Stores whatever is there. Resolves to the new revision; rejects when the outcome is unknown. */
  overwrite(key: string, value: Uint8Array): Promise<number>;
  /** Resolves also when the key is not there. Rejects when the outcome is unknown. */
  delete(key: string): Promise<void>;
  /**
   * Calls back with every key that exists, then with each change, until the result is called. `entry` is undefined for a deleted key. Comes back by
   * itself after a lost connection. `onSettled` is called once all that existed when the watch began has been shown.
   */
  watch(onChange: (key: string, entry: KeyValueEntry | undefined) => void, onSettled: () => void): () => void;
}
