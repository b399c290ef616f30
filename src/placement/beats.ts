/**
 * Membership by beats: a member writes its own key again and again, and watches the others'.
 *
 * B1. Nothing here reads a clock. Time is counted in own beats that came back through the same watch that shows the others': whoever sees five of its own
 *     and none of another's has been shown everything that was stored in between, or is told late about all alike.
 * B2. A member whose own beat failed suspects nobody, and begins to count anew with the next that is stored.
 * B3. A suspicion is never an argument for safety; it starts a take-over, which the lane and the map then decide.
 */

import type { LaneSeq } from "../base/index.ts";
import type { Clock, KeyValue, KeyValueEntry, Log } from "../ports/index.ts";
import { decodeMember, encodeMember } from "./member-codec.ts";
import type { MemberInfo, MemberState } from "./membership.ts";

export const BEAT_MS = 300;
/** Own beats without one of the other after which it is suspected. */
export const BEATS_TO_SUSPECT = 5;
/** 15 minutes of own beats, after which nobody waits with trimming for a member any more. */
export const BEATS_TO_FORGET = 3_000;

export interface BeatsOptions {
  readonly bucket: KeyValue;
  readonly clock: Clock;
  readonly log: Log;
  /** What does not change of this member. */
  readonly self: Pick<MemberInfo, "lane" | "node" | "version" | "httpUrl">;
  /** Read at each beat. */
  readonly durable: () => ReadonlyMap<string, LaneSeq>;
}

interface Seen {
  info: MemberInfo;
  revision: number;
  /** Own beats when it was last seen to change, as counted since the last failure. */
  aliveAt: number;
  /** The same for trimming, where a failure changes nothing. */
  changedAt: number;
  /** It took its leave: it is gone, and only its durable positions still count. */
  left: boolean;
}

export class Beats {
  readonly #options: BeatsOptions;
  readonly #seen = new Map<string, Seen>();
  readonly #listeners = new Set<() => void>();
  #state: MemberState = "joining";
  #writer = 0;
  #beat = 0;
  /** Own beats seen stored. */
  #stored = 0;
  /** Of them, when counting last began anew. */
  #since = 0;
  #failing = true;
  #settled = false;
  #stopped = false;
  #writing: Promise<void> | undefined;
  #wantsBeat = false;
  #cancelTimer: () => void = () => undefined;
  #unwatch: () => void = () => undefined;

  constructor(options: BeatsOptions) {
    this.#options = options;
  }

  /** Begins to beat and to watch. Once. */
  start(): void {
    this.#unwatch = this.#options.bucket.watch(
      (key, entry) => this.#onChange(key, entry),
      () => {
        this.#settled = true;
        this.#tell();
      },
    );
    this.#tick();
  }

  /** Own beats are stored and the others have been shown: what `members` says can be acted on. */
  get isReady(): boolean {
    return this.#settled && this.#stored > 0 && !this.#failing && !this.#stopped;
  }

  get state(): MemberState {
    return this.#state;
  }

  /** Own beats seen stored since the start. */
  get stored(): number {
    return this.#stored;
  }

  /** Tells the others at once when something changed. */
  announce(state: MemberState, writer: number): void {
    if (state === this.#state && writer === this.#writer) return;
    this.#state = state;
    this.#writer = writer;
    this.#write();
  }

  /** What the member of the lane last said; undefined when it never did or took its leave. The own one as stored last. */
  member(lane: string): MemberInfo | undefined {
    const seen = this.#seen.get(lane);
    return seen === undefined || seen.left ? undefined : seen.info;
  }

  /** Everybody who did not take leave, suspected or not, this member too, by lane. */
  members(): MemberInfo[] {
    const here = [...this.#seen.values()].filter(({ left }) => !left);
    return here.map(({ info }) => info).sort((a, b) => (a.lane < b.lane ? -1 : 1));
  }

  /** Whether the member of the lane looks dead: it took its leave, or was not heard for five beats of this one. Never true for itself, nor while own beats fail. */
  suspected(lane: string): boolean {
    if (lane === this.#options.self.lane || !this.isReady) return false;
    const seen = this.#seen.get(lane);
    if (seen?.left === true) return true;
    return this.#stored - Math.max(seen?.aliveAt ?? 0, this.#since) >= BEATS_TO_SUSPECT;
  }

  /** Own beats since the member was last heard. */
  silence(lane: string): number {
    return this.#stored - (this.#seen.get(lane)?.changedAt ?? 0);
  }

  /**
   * The lowest sequence of the lane that is durable with every other member that follows it; undefined when nobody does. Members that are gone count
   * until 3,000 own beats after they were last heard.
   */
  durableWithOthers(lane: string): LaneSeq | undefined {
    let lowest: LaneSeq | undefined;
    for (const { info, changedAt } of this.#seen.values()) {
      const seq = info.durable[lane];
      if (info.lane === this.#options.self.lane || seq === undefined || this.#stored - changedAt >= BEATS_TO_FORGET) continue;
      if (lowest === undefined || seq < lowest) lowest = seq;
    }
    return lowest;
  }

  /** Calls back after each change of what is known, own beats included. The result ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops beating and lets the others find out by themselves. Resolves when no beat is on its way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    this.#unwatch();
    await this.#writing;
  }

  /** Stops, and takes leave: the others need not wait. Resolves also when they could not be told. */
  async leave(): Promise<void> {
    this.#state = "leaving";
    await this.stop();
    const { bucket, self, log } = this.#options;
    try {
      await bucket.overwrite(self.lane, encodeMember(this.#info()));
      await bucket.delete(self.lane);
    } catch (error) {
      log.warn({ error, lane: self.lane }, "could not tell the other members of the leave; they will notice");
    }
  }

  #tick(): void {
    if (this.#stopped) return;
    this.#cancelTimer = this.#options.clock.after(BEAT_MS, () => this.#tick());
    this.#write();
  }

  #write(): void {
    if (this.#stopped) return;
    if (this.#writing !== undefined) {
      this.#wantsBeat = true;
      return;
    }
    this.#wantsBeat = false;
    const { bucket, self } = this.#options;
    const written = bucket.overwrite(self.lane, encodeMember(this.#info())).then(
      () => this.#onStored(),
      (error: unknown) => this.#onFailed(error),
    );
    this.#writing = written.then(() => {
      this.#writing = undefined;
      if (this.#wantsBeat) this.#write();
    });
  }

  #info(): MemberInfo {
    const { self, durable } = this.#options;
    return { ...self, writer: this.#writer, state: this.#state, beat: ++this.#beat, durable: Object.fromEntries(durable()) };
  }

  #onStored(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#since = this.#stored;
    this.#tell();
  }

  #onFailed(error: unknown): void {
    if (!this.#failing)
      this.#options.log.warn({ error, lane: this.#options.self.lane }, "own beat failed: nobody is suspected now");
    this.#failing = true;
    this.#tell();
  }

  #onChange(key: string, entry: KeyValueEntry | undefined): void {
    if (this.#stopped) return;
    const seen = this.#seen.get(key);
    if (entry === undefined) {
      if (seen !== undefined && key !== this.#options.self.lane) seen.left = seen.info.state === "leaving";
    } else if (seen === undefined || entry.revision > seen.revision) {
      this.#onBeat(key, entry);
    } else return;
    this.#tell();
  }

  #onBeat(key: string, { value, revision }: KeyValueEntry): void {
    if (key === this.#options.self.lane) this.#stored++;
    const now = this.#stored;
    try {
      this.#seen.set(key, { info: decodeMember(value, key), revision, aliveAt: now, changedAt: now, left: false });
    } catch (error) {
      this.#options.log.error({ error, key }, "the beat of a member cannot be read; it counts as absent");
    }
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
