/** Closed-loop HTTP load by autocannon: throughput, latency and the CPU time of all server processes. */

import autocannon from "autocannon";
import { LatencyRecorder, type LatencySummary, type ReservationLoad, reservationBody } from "../../src/loadgen/index.ts";
import { cpuMs } from "./process-usage.ts";

export interface ClosedResult {
  readonly perSecond: number;
  readonly accepted: number;
  /** Answers other than 2xx, and lost connections. */
  readonly others: number;
  readonly latency: LatencySummary;
  /** CPU time of all server processes for one accepted reservation. */
  readonly cpuUs: number;
}

export interface ClosedHttpOptions {
  readonly url: URL;
  readonly pids: readonly number[];
  readonly load: ReservationLoad;
  readonly connections: number;
  readonly seconds: number;
  /** Resolves when the servers have done what they put off; its CPU time counts. */
  readonly settled?: (() => Promise<void>) | undefined;
}

/** Requests that one connection goes through in turn; all connections together go over all SKUs. */
const REQUESTS_A_CONNECTION_MAX = 512;
const US_PER_MS = 1000;

/** Resolves when the load is over. */
export async function closedHttp(options: ClosedHttpOptions): Promise<ClosedResult> {
  const latency = new LatencyRecorder();
  const cpuBefore = cpuMs(options.pids);
  let accepted = 0;
  const result = await fire(options, (status, ms) => {
    latency.recordMs(ms);
    if (status >= 200 && status < 300) accepted++;
  });
  await options.settled?.();
  const cpu = cpuMs(options.pids) - cpuBefore;
  return {
    perSecond: accepted / result.duration,
    accepted,
    others: latency.count - accepted + result.errors + result.timeouts,
    latency: latency.summary(),
    cpuUs: (cpu * US_PER_MS) / accepted,
  };
}

function fire(options: ClosedHttpOptions, onAnswer: (status: number, ms: number) => void): Promise<autocannon.Result> {
  const settings: autocannon.Options = {
    url: new URL("/v1/reservations", options.url).href,
    connections: options.connections,
    duration: options.seconds,
    method: "POST",
    headers: { "content-type": "application/json" },
    setupClient: sliceOfLoad(options),
  };
  return new Promise((resolve, reject) => {
    const run = autocannon(settings, (error, result) => (error ? reject(error) : resolve(result)));
    run.on("response", (_client, status, _bytes, ms) => onAnswer(status, ms));
  });
}

/** Gives each connection its own part of the SKUs: every connection having all of them would fill the memory. */
function sliceOfLoad({ load, connections }: ClosedHttpOptions): (client: autocannon.Client) => void {
  const length = Math.min(Math.ceil(load.skus / connections), REQUESTS_A_CONNECTION_MAX);
  let next = 0;
  return (client) => {
    const from = next++ * length;
    client.setRequests(Array.from({ length }, (_, offset) => ({ body: reservationBody(load, from + offset) })));
  };
}
