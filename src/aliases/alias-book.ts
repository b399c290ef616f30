/**
 * The codes of sources and what they stand for, known to every member: values of a shared bucket, all of them in memory by a watch.
 *
 * A1. What was put at any member is known at it once the put was answered, and at every other within a moment.
 * A2. The last put of a code stands.
 * A3. An alias of one source (`pos:9`) goes before one of all (`9`).
 */

import { type Fault, firstAfter, keyToken, type LocationId, type Sku } from "../base/index.ts";
import type { KeyValue } from "../ports/index.ts";
import { type Alias, type AliasKind, decodeAlias, encodeAlias } from "./alias.ts";

const KEY_PREFIX = "alias.";
const RETRY_MS = 1_000;
/** Bounds the memory of every member: some 300 bytes each. */
const ALIASES_MAX = 1_000_000;

export type PutAlias = { readonly kind: "created" | "replaced" } | { readonly kind: "full"; readonly detail: string } | Fault;
export type RemoveAlias = { readonly kind: "removed" | "unknown" } | Fault;

/** Codes as one source has them. */
export interface CodesOfSource {
  item(code: string): { readonly sku: Sku; readonly units: number } | undefined;
  place(code: string): LocationId | undefined;
}

interface Known {
  readonly alias: Alias;
  readonly revision: number;
}

export class AliasBook {
  readonly #bucket: KeyValue;
  readonly #aliasesMax: number;
  readonly #known = new Map<string, Known>();
  readonly #settled = Promise.withResolvers<void>();
  readonly #stop: () => void;
  /** Keys in order, undefined when one came or went since. */
  #order: string[] | undefined;

  /** Begins to watch at once. */
  constructor(bucket: KeyValue, aliasesMax = ALIASES_MAX) {
    this.#bucket = bucket;
    this.#aliasesMax = aliasesMax;
    this.#stop = bucket.watch(
      (key, entry) => {
        if (!key.startsWith(KEY_PREFIX)) return;
        if (entry === undefined) this.#forget(key);
        else this.#learn(key, { alias: decodeAlias(entry.value, `key ${key}`), revision: entry.revision });
      },
      () => this.#settled.resolve(),
    );
  }

  /** Resolves once all aliases that existed at the start are known. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  get size(): number {
    return this.#known.size;
  }

  close(): void {
    this.#stop();
  }

  get<K extends AliasKind>(kind: K, code: string): Extract<Alias, { kind: K }> | undefined {
    return this.#known.get(keyOf(kind, code))?.alias as Extract<Alias, { kind: K }> | undefined;
  }

  codesOf(source: string): CodesOfSource {
    return {
      item: (code) => this.get("items", `${source}:${code}`) ?? this.get("items", code),
      place: (code) => (this.get("locations", `${source}:${code}`) ?? this.get("locations", code))?.location,
    };
  }

  /** Of one kind, in the order of their keys, after the code `after` when given, at most `limit`. O(n log n) after a change. */
  list(kind: AliasKind, after: string | undefined, limit: number): Alias[] {
    this.#order ??= [...this.#known.keys()].sort();
    const [prefix, last] = [`${KEY_PREFIX}${kind}.`, after === undefined ? "" : keyOf(kind, after)];
    const found: Alias[] = [];
    for (
      let index = firstAfter(this.#order, last === "" ? prefix : last);
      index < this.#order.length && found.length < limit;
      index++
    ) {
      const key = this.#order[index] as string;
      if (!key.startsWith(prefix)) break;
      found.push((this.#known.get(key) as Known).alias);
    }
    return found;
  }

  /** Never rejects. */
  async put(alias: Alias): Promise<PutAlias> {
    const key = keyOf(alias.kind, alias.code);
    const isNew = !this.#known.has(key);
    if (isNew && this.#known.size >= this.#aliasesMax) {
      return { kind: "full", detail: `there are ${this.#aliasesMax} aliases, which is the limit; remove some` };
    }
    try {
      const revision = await this.#bucket.overwrite(key, encodeAlias(alias));
      this.#learn(key, { alias, revision });
      return { kind: isNew ? "created" : "replaced" };
    } catch (error) {
      return unanswered(error);
    }
  }

  /** Never rejects. */
  async remove(kind: AliasKind, code: string): Promise<RemoveAlias> {
    const key = keyOf(kind, code);
    const known = this.#known.has(key);
    try {
      await this.#bucket.delete(key);
      this.#forget(key);
      return { kind: known ? "removed" : "unknown" };
    } catch (error) {
      return unanswered(error);
    }
  }

  #learn(key: string, known: Known): void {
    const before = this.#known.get(key);
    if (before !== undefined && before.revision >= known.revision) return;
    if (before === undefined) this.#order = undefined;
    this.#known.set(key, known);
  }

  #forget(key: string): void {
    if (this.#known.delete(key)) this.#order = undefined;
  }
}

const keyOf = (kind: AliasKind, code: string): string => `${KEY_PREFIX}${kind}.${keyToken(code)}`;

function unanswered(error: unknown): Fault {
  const reason = error instanceof Error ? error.message : String(error);
  const detail = `the bucket of aliases did not answer (${reason}); to put or remove the alias again is safe`;
  return { kind: "fault", code: "outcome-unknown", retryAfterMs: RETRY_MS, detail };
}
