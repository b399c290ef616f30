/** How much the grid can do over HTTP with our own generator: the unit in which open loops are told their rate. */

import {
  type HttpAnswer,
  HttpTarget,
  type ReservationLoad,
  type RunResult,
  reservationRequests,
  runLoad,
} from "../../src/loadgen/index.ts";
import { spreadOf } from "./statistics.ts";

export const CAPACITY_CONNECTIONS = 256;

/** Connections to a grid that send the reservations of a load in turn. */
export function openTarget(
  url: URL,
  load: ReservationLoad,
  connections: number,
  onAnswer?: (answer: HttpAnswer, index: number) => void,
): Promise<HttpTarget> {
  const requests = reservationRequests(load, url, {});
  return HttpTarget.open({ url, connections, request: (index) => requests[index % requests.length] as Buffer, onAnswer });
}

/** Accepted reservations a second in a closed loop: the median of three runs, after one to warm up. */
export async function capacityOf(url: URL, load: ReservationLoad, seconds: number): Promise<number> {
  const results: RunResult[] = [];
  for (let round = 0; round < 4; round++) {
    const target = await openTarget(url, load, CAPACITY_CONNECTIONS);
    results.push(await runLoad({ target, pace: { kind: "closed", window: CAPACITY_CONNECTIONS }, seconds }));
    await target.close();
  }
  return spreadOf(results.slice(1).map((result) => result.acceptedPerSecond)).median;
}
