/**
 * Availability of many SKUs: one ask for each member that owns some of them, the answers put together in the order of the SKUs.
 * When shards move meanwhile, the part that they belong to is asked again shard by shard.
 */

import { type Fault, invariant, type LocationId, type ShardId, type Sku } from "../base/index.ts";
import type { Read } from "../member/index.ts";
import type { StockRecord } from "../stock/index.ts";
import type { Calls } from "./calls.ts";
import { type Answer, shardOfSku } from "./command.ts";

export interface GatherPorts {
  readonly calls: Calls;
  readonly shards: number;
  /** A name for who answers for the shard, undefined when nobody is known. */
  readonly holderOf: (shard: ShardId) => string | undefined;
}

type Done = (result: Read<readonly StockRecord[]>) => void;

export class Gather {
  readonly #ports: GatherPorts;
  readonly #skus: readonly Sku[];
  readonly #locations: readonly LocationId[] | undefined;
  readonly #done: Done;
  readonly #found = new Map<Sku, StockRecord[]>();
  #open = 0;
  #answered = false;

  constructor(ports: GatherPorts, skus: readonly Sku[], locations: readonly LocationId[] | undefined, done: Done) {
    this.#ports = ports;
    this.#skus = skus;
    this.#locations = locations;
    this.#done = done;
  }

  start(): void {
    const { shards, holderOf } = this.#ports;
    const groups = groupBy(new Set(this.#skus), (sku) => {
      const shard = shardOfSku(sku, shards);
      return holderOf(shard) ?? shard;
    });
    for (const group of groups) this.#ask(group, false);
  }

  #ask(skus: readonly Sku[], ofOneShard: boolean): void {
    this.#open++;
    const command = { op: "availability", skus, locations: this.#locations } as const;
    this.#ports.calls.start(command, (answer) => this.#onAnswer(skus, ofOneShard, answer), !ofOneShard);
  }

  #onAnswer(skus: readonly Sku[], ofOneShard: boolean, answer: Answer): void {
    this.#open--;
    if (this.#answered) return;
    if (answer.kind === "read") this.#keep(answer.value);
    else if (!ofOneShard && answer.kind === "fault" && answer.code === "not-ready") this.#split(skus);
    else return this.#answer(answer as Fault);
    if (this.#open === 0) this.#answer({ kind: "read", value: this.#skus.flatMap((sku) => this.#found.get(sku) ?? []) });
  }

  #split(skus: readonly Sku[]): void {
    for (const group of groupBy(skus, (sku) => shardOfSku(sku, this.#ports.shards))) this.#ask(group, true);
  }

  #keep(value: unknown): void {
    invariant(Array.isArray(value), "availability was answered with something else");
    for (const record of value as StockRecord[]) {
      const found = this.#found.get(record.sku);
      if (found === undefined) this.#found.set(record.sku, [record]);
      else found.push(record);
    }
  }

  #answer(result: Read<readonly StockRecord[]>): void {
    this.#answered = true;
    this.#done(result);
  }
}

function groupBy<K>(skus: Iterable<Sku>, keyOf: (sku: Sku) => K): Iterable<Sku[]> {
  const groups = new Map<K, Sku[]>();
  for (const sku of skus) {
    const key = keyOf(sku);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [sku]);
    else group.push(sku);
  }
  return groups.values();
}
