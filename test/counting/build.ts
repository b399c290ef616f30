/** Candidates and tasks for the tests of counting, with everything unremarkable filled in. */

import type { EpochMs, LocationId, Sku } from "../../src/base/index.ts";
import { type CountCandidate, type CountTask, createTask } from "../../src/counting/index.ts";

export const ms = (time: number): EpochMs => time as EpochMs;

export function candidateOf(sku: string, given: Partial<CountCandidate> = {}): CountCandidate {
  return {
    sku: sku as Sku,
    location: "place" as LocationId,
    onHand: 5,
    belief: undefined,
    demandPerDay: 1,
    margin: 3,
    unitCost: 7,
    daysFrozen: 10,
    promised: 0,
    daysSinceCount: 0,
    minutes: 1,
    ...given,
  };
}

export function taskOf(given: Partial<CountTask> = {}): CountTask {
  const ids = { id: "task-1", sku: "sku" as Sku, location: "place" as LocationId };
  return { ...createTask({ ...ids, why: "risk", unitCost: 5 }, ms(1)), ...given };
}
