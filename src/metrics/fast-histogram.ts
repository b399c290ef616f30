/**
 * A histogram whose `observe` is a search over a handful of bounds and two additions: requests are counted with it on the
 * hot path, where prom-client's own hashes labels at each observation. It registers with prom-client like any metric.
 */

import type { MetricObjectWithValues, MetricValueWithName } from "prom-client";

export interface HistogramOptions<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
  /** Upper bounds, ascending; +Inf is added. */
  readonly bounds: readonly number[];
}

/** One combination of label values. */
export class HistogramChild {
  readonly counts: Float64Array;
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    (this.counts[bucket] as number)++;
    this.sum += value;
  }
}

export class FastHistogram<L extends string> {
  readonly name: string;
  readonly help: string;
  readonly #options: HistogramOptions<L>;
  readonly #children = new Map<string, { labels: Record<L, string>; child: HistogramChild }>();

  constructor(options: HistogramOptions<L>) {
    this.name = options.name;
    this.help = options.help;
    this.#options = options;
  }

  /** The child of these label values, in the order of the labels. Keep it: the look-up is the costly part. */
  child(...values: readonly string[]): HistogramChild {
    const name = values.join("\u0000");
    const known = this.#children.get(name);
    if (known !== undefined) return known.child;
    const { labels, bounds } = this.#options;
    const named = Object.fromEntries(labels.map((label, index) => [label, values[index] ?? ""])) as Record<L, string>;
    const child = new HistogramChild(bounds);
    this.#children.set(name, { labels: named, child });
    return child;
  }

  /** What prom-client's registry asks of a metric. */
  async get(): Promise<MetricObjectWithValues<MetricValueWithName<string>>> {
    const values = [...this.#children.values()].flatMap(({ labels, child }) => this.#valuesOf(labels, child));
    return { name: this.name, help: this.help, type: "histogram" as never, aggregator: "sum", values, collect: () => undefined };
  }

  reset(): void {
    this.#children.clear();
  }

  #valuesOf(labels: Record<L, string>, child: HistogramChild): MetricValueWithName<string>[] {
    const { bounds } = this.#options;
    let total = 0;
    const buckets = [...child.counts].map((count, index) => {
      total += count;
      const le = index < bounds.length ? String(bounds[index]) : "+Inf";
      return { labels: { le, ...labels }, value: total, metricName: `${this.name}_bucket` };
    });
    return [
      ...buckets,
      { labels, value: child.sum, metricName: `${this.name}_sum` },
      { labels, value: total, metricName: `${this.name}_count` },
    ];
  }
}
