/**
 * The metrics of a node, named in the Prometheus conventions with the prefix `stockgrid_`. Levels are read when they are
 * asked for; only durations are observed as they happen.
 */

import { Counter, collectDefaultMetrics, Gauge, type Metric, Registry } from "prom-client";
import { FastHistogram, type HistogramChild } from "./fast-histogram.ts";

const COMMIT_BOUNDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5];
const REQUEST_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const BATCH_BOUNDS = [1, 4, 16, 64, 256, 1024, 4096];
const FORWARD_BOUNDS = [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
const CHECKPOINT_BOUNDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];

/** A level with its label values, as the node sees it now. */
export interface Reading {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export class NodeMetrics {
  readonly #registry = new Registry();
  readonly commitSeconds = this.#histogram(
    "commit_duration_seconds",
    "Time from sending a journal record to its commit.",
    [],
    COMMIT_BOUNDS,
  );
  readonly commitCommands = this.#histogram("commit_batch_commands", "Callers answered by one commit.", [], BATCH_BOUNDS);
  readonly commitEntries = this.#histogram("commit_batch_entries", "Entries in one journal record.", [], BATCH_BOUNDS);
  readonly checkpointSeconds = this.#histogram(
    "checkpoint_duration_seconds",
    "Time from the cut of a checkpoint to disk.",
    [],
    CHECKPOINT_BOUNDS,
  );
  readonly forwardedSeconds = this.#histogram(
    "forwarded_seconds",
    "Time from asking another member to its answer, by the way.",
    ["way"],
    FORWARD_BOUNDS,
  );
  readonly #requestSeconds = this.#histogram(
    "http_request_duration_seconds",
    "Time from an HTTP request's headers to its answer.",
    ["route", "method", "status"],
    REQUEST_BOUNDS,
  );
  readonly problems = new Counter({
    name: "stockgrid_problems_total",
    help: "Requests answered with a problem, by its slug and the interface.",
    labelNames: ["problem", "api"],
    registers: [this.#registry],
  });

  readonly #requestChildren = new Map<string, Map<string, HistogramChild>>();

  /** `member`: of a thread that is one of several; every sample then carries it, and what is true of the whole process is left out. */
  constructor(member?: string) {
    collectDefaultMetrics({ register: this.#registry });
    if (member === undefined) return;
    this.#registry.setDefaultLabels({ member });
    for (const { name } of this.#registry.getMetricsAsArray()) {
      if (name.startsWith("process_")) this.#registry.removeSingleMetric(name);
    }
  }

  /** Counts one answered request. Hot path: two look-ups. */
  observeRequest(route: string, method: string, status: number, seconds: number): void {
    let children = this.#requestChildren.get(route);
    if (children === undefined) {
      children = new Map();
      this.#requestChildren.set(route, children);
    }
    const name = method + status;
    let child = children.get(name);
    if (child === undefined) {
      child = this.#requestSeconds.child(route, method, String(status));
      children.set(name, child);
    }
    child.observe(seconds);
  }

  /** A gauge read at each scrape. */
  gauge(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Reading>): void {
    const gauge: Gauge = new Gauge({
      name: `stockgrid_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect: () => {
        gauge.reset();
        for (const { labels, value } of read()) gauge.set(labels ?? {}, value);
      },
    });
  }

  /** A counter whose total is kept elsewhere and read at each scrape. */
  counter(name: string, help: string, labelNames: readonly string[], read: () => Iterable<Reading>): void {
    const counter: Counter = new Counter({
      name: `stockgrid_${name}`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
      collect: () => {
        counter.reset();
        for (const { labels, value } of read()) counter.inc(labels ?? {}, value);
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #histogram<L extends string>(name: string, help: string, labels: readonly L[], bounds: readonly number[]): FastHistogram<L> {
    const histogram = new FastHistogram({ name: `stockgrid_${name}`, help, labels, bounds });
    this.#registry.registerMetric(histogram as unknown as Metric);
    return histogram;
  }
}
