/**
 * Which lanes there are: the streams of the cluster by their names, looked up at the start, every few seconds, and when a node says that
 * there is a new one. A lane counts as gone when the server says that it has no such stream.
 */

import type { JetStreamManager } from "@nats-io/jetstream";
import { isStreamNotFound } from "./streams.ts";

/** How the streams of a cluster's lanes are named: stream prefix + lane, where the lane begins with the lane prefix. */
export interface LaneNaming {
  readonly streamPrefix: string;
  readonly lanePrefix: string;
}

export interface LaneBounds {
  /** Oldest record kept; `last + 1` when there is none. */
  readonly first: number;
  readonly last: number;
}

export class LaneDirectory {
  readonly #jsm: JetStreamManager;
  readonly #naming: LaneNaming;
  readonly #listeners = new Set<() => void>();
  #lanes: ReadonlySet<string> = new Set();
  #looking: Promise<void> | undefined;

  constructor(jsm: JetStreamManager, naming: LaneNaming) {
    this.#jsm = jsm;
    this.#naming = naming;
  }

  /** As of the last look. */
  get lanes(): ReadonlySet<string> {
    return this.#lanes;
  }

  streamOf(lane: string): string {
    return this.#naming.streamPrefix + lane;
  }

  /** Looks again; calls at the same time share one look that begins no earlier than they did. O(streams of the account). */
  async refresh(): Promise<void> {
    await this.#looking?.catch(() => undefined);
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    await this.#looking;
  }

  /** As the leader of the lane has it; undefined when there is no such lane. */
  async bounds(lane: string): Promise<LaneBounds | undefined> {
    try {
      const { state } = await this.#jsm.streams.info(this.streamOf(lane));
      return { first: Math.max(state.first_seq, 1), last: state.last_seq };
    } catch (error) {
      if (isStreamNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Calls back after each look that found a difference, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #look(): Promise<void> {
    const found = await this.#listed();
    for (const lane of this.#lanes) {
      if (!found.has(lane) && (await this.bounds(lane)) !== undefined) found.add(lane);
    }
    const same = found.size === this.#lanes.size && [...found].every((lane) => this.#lanes.has(lane));
    this.#lanes = found;
    if (!same) for (const listener of this.#listeners) listener();
  }

  async #listed(): Promise<Set<string>> {
    const { streamPrefix, lanePrefix } = this.#naming;
    const lanes = new Set<string>();
    for await (const stream of this.#jsm.streams.names()) {
      if (stream.startsWith(streamPrefix + lanePrefix)) lanes.add(stream.slice(streamPrefix.length));
    }
    return lanes;
  }
}
