/** One run as text for a terminal. */

import type { LatencySummary } from "./latency.ts";
import type { RunResult, SecondSample } from "./tally.ts";

const NUMBER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function formatMs(ms: number): string {
  return ms < 10 ? `${ms.toFixed(2)} ms` : ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export function formatCount(value: number): string {
  return NUMBER.format(value);
}

/** One line for a second, for the terminal while a run goes on. */
export function formatSecond(sample: SecondSample): string {
  const others = sample.other > 0 ? `, ${formatCount(sample.other)} other` : "";
  return (
    `${String(sample.second).padStart(4)} s  ${formatCount(sample.accepted).padStart(8)} accepted, ` +
    `${formatCount(sample.refused)} refused${others}; p50 ${formatMs(sample.p50Ms)}, p99 ${formatMs(sample.p99Ms)}`
  );
}

export function formatResult(result: RunResult): string {
  const { counts } = result;
  const lines = [
    `offered      ${formatCount(result.offered)} in ${result.seconds.toFixed(1)} s`,
    `accepted     ${formatCount(counts.accepted)} (${formatCount(result.acceptedPerSecond)} a second)`,
    `refused      ${formatCount(counts.refused)} (429 or 503 with Retry-After)`,
    `rejected     ${formatCount(counts.rejected)} (other 4xx)`,
    `failed       ${formatCount(counts.failed)}`,
    `not sent     ${formatCount(result.unsent)} (no connection became free in time)`,
    `no answer    ${formatCount(result.unanswered)}`,
    `latency      ${formatLatency(result.accepted)}`,
  ];
  if (result.refused.count > 0) lines.push(`of refusals  ${formatLatency(result.refused)}`);
  if (result.startLag.count > 0) lines.push(`due to sent  ${formatLatency(result.startLag)}`);
  return `${lines.join("\n")}\n`;
}

function formatLatency(latency: LatencySummary): string {
  const { p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = latency;
  return `p50 ${formatMs(p50Ms)}  p90 ${formatMs(p90Ms)}  p99 ${formatMs(p99Ms)}  p99.9 ${formatMs(p999Ms)}  max ${formatMs(maxMs)}`;
}
