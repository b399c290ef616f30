/** Counts and latencies of one run, and a line for each second of it. */

import { LatencyRecorder, type LatencySummary } from "./latency.ts";
import type { Outcome } from "./target.ts";

export interface SecondSample {
  /** Whole seconds since the start of the run, at the end of the sample. */
  readonly second: number;
  readonly accepted: number;
  readonly refused: number;
  readonly other: number;
  /** Of the accepted ones of this second. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface RunResult {
  readonly seconds: number;
  /** Requests that were due (open loop) or sent (closed loop). */
  readonly offered: number;
  readonly counts: Readonly<Record<Outcome, number>>;
  /** Due, but given up because no connection became free in time. */
  readonly unsent: number;
  /** Sent, without an answer when the run ended. */
  readonly unanswered: number;
  /** Answered while requests were sent: what was still under way at the end does not make the run look faster. */
  readonly acceptedPerSecond: number;
  readonly accepted: LatencySummary;
  readonly refused: LatencySummary;
  /** From due to sent: what the generator itself, or a lack of free connections, added. All zero in a closed loop. */
  readonly startLag: LatencySummary;
  readonly timeline: readonly SecondSample[];
}

export class Tally {
  readonly #accepted = new LatencyRecorder();
  readonly #refused = new LatencyRecorder();
  readonly #lag = new LatencyRecorder();
  readonly #second = new LatencyRecorder();
  readonly #counts: Record<Outcome, number> = { accepted: 0, refused: 0, rejected: 0, failed: 0 };
  readonly #timeline: SecondSample[] = [];
  #atLastSample: Record<Outcome, number> = { ...this.#counts };
  #acceptedInTime: number | undefined;
  offered = 0;
  unsent = 0;

  started(lagMs: number): void {
    this.#lag.recordMs(lagMs);
  }

  ended(outcome: Outcome, latencyMs: number): void {
    this.#counts[outcome]++;
    if (outcome === "accepted") this.#second.recordMs(latencyMs);
    else if (outcome === "refused") this.#refused.recordMs(latencyMs);
  }

  /** Nothing is sent any more; answers that come now count, but not for the rate. */
  sendingEnded(): void {
    this.#acceptedInTime = this.#counts.accepted;
  }

  /** Closes the second that ends now. */
  sample(second: number): SecondSample {
    const before = this.#atLastSample;
    const now = { ...this.#counts };
    const latency = this.#second.summary();
    const sample: SecondSample = {
      second,
      accepted: now.accepted - before.accepted,
      refused: now.refused - before.refused,
      other: now.rejected + now.failed - before.rejected - before.failed,
      p50Ms: latency.p50Ms,
      p99Ms: latency.p99Ms,
    };
    this.#timeline.push(sample);
    this.#atLastSample = now;
    this.#accepted.add(this.#second);
    this.#second.reset();
    return sample;
  }

  result(seconds: number, unanswered: number): RunResult {
    this.#accepted.add(this.#second);
    this.#second.reset();
    return {
      seconds,
      offered: this.offered,
      counts: { ...this.#counts },
      unsent: this.unsent,
      unanswered,
      acceptedPerSecond: (this.#acceptedInTime ?? this.#counts.accepted) / seconds,
      accepted: this.#accepted.summary(),
      refused: this.#refused.summary(),
      startLag: this.#lag.summary(),
      timeline: this.#timeline,
    };
  }
}
