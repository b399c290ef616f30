/** Property tests take seed and path from the environment, so that a failure can be run again: FC_SEED, FC_PATH, FC_RUNS. */

import type { Parameters } from "fast-check";

export function propertySettings<T>(runs: number): Parameters<T> {
  const { FC_SEED, FC_PATH, FC_RUNS } = process.env;
  return {
    numRuns: Number(FC_RUNS ?? runs),
    ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
    ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
  };
}
