/** Prometheus metrics of a node. */
export { FastHistogram, HistogramChild } from "./fast-histogram.ts";
export { mergeMetrics } from "./merge-metrics.ts";
export { NodeMetrics, type Reading } from "./node-metrics.ts";
