/** Latencies in microseconds in, quantiles in milliseconds out. High dynamic range: three significant digits, constant memory. */

import { build, type Histogram } from "hdr-histogram-js";

export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export const LATENCY_US_MAX = 3_600_000_000;
const US_PER_MS = 1000;

export class LatencyRecorder {
  readonly #histogram: Histogram = build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_US_MAX,
    numberOfSignificantValueDigits: 3,
  });

  /** Rounded up to a whole microsecond; cut at {@link LATENCY_US_MAX}. O(1). */
  recordMs(ms: number): void {
    this.#histogram.recordValue(Math.min(Math.max(Math.ceil(ms * US_PER_MS), 1), LATENCY_US_MAX));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  add(other: LatencyRecorder): void {
    this.#histogram.add(other.#histogram);
  }

  reset(): void {
    this.#histogram.reset();
  }

  /** All zero when nothing was recorded. */
  summary(): LatencySummary {
    const at = (percentile: number): number =>
      this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile) / US_PER_MS;
    return {
      count: this.count,
      meanMs: this.count === 0 ? 0 : this.#histogram.mean / US_PER_MS,
      p50Ms: at(50),
      p90Ms: at(90),
      p99Ms: at(99),
      p999Ms: at(99.9),
      maxMs: this.count === 0 ? 0 : this.#histogram.maxValue / US_PER_MS,
    };
  }
}
