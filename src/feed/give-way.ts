/**
 * Lets checkouts go first: where the cores are not enough for both, the feed's thread gets the smaller share. It then lags
 * (the journal is its queue) and catches up when there is room.
 */

import { readlinkSync } from "node:fs";
import { setPriority } from "node:os";

/** About a third of the share of a thread of normal priority. */
const NICENESS = 5;

/** Lowers the priority of the calling thread. Threads have one of their own on Linux only; elsewhere nothing happens. */
export function giveWay(): void {
  if (process.platform !== "linux") return;
  const thread = Number(readlinkSync("/proc/thread-self").split("/").pop());
  setPriority(thread, NICENESS);
}
