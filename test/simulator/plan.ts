/**
 * What a seed means: the size of the world, the limits of the member, and which faults there are how often. Every fault
 * is in about half of the plans, so that one fault is not hidden behind another (swarm testing); one plan in eight has none.
 */

import type { MemberLimits } from "../../src/member/index.ts";
import { CALM, SimRandom, type WeatherRates } from "./world/index.ts";

export interface Plan {
  readonly seed: number;
  readonly clients: number;
  readonly operationsEach: number;
  readonly skus: number;
  readonly locations: number;
  readonly shards: number;
  readonly limits: Partial<MemberLimits>;
  readonly rates: WeatherRates;
  /** Mean time between two of these, virtual ms; 0 for never. */
  readonly killMs: number;
  readonly stopMs: number;
  readonly jumpMs: number;
  readonly foreignWriterMs: number;
  readonly rivalMs: number;
  /** Share of kills that take the power with them. */
  readonly powerLoss: number;
  /** Largest jump of the wall clock in either direction, ms. */
  readonly jumpMsMax: number;
  /** Nothing disturbs the member, so that holds must end at their very millisecond. */
  readonly undisturbed: boolean;
}

const PLAN_STREAM = 3;
const CALM_EVERY = 8;

export function planOf(seed: number): Plan {
  const random = new SimRandom(seed, PLAN_STREAM);
  const calm = seed % CALM_EVERY === 0;
  const sometimes = (low: number, high: number): number => (!calm && random.chance(0.5) ? random.between(low, high) : 0);
  const interruptions = {
    killMs: sometimes(300, 4_000),
    stopMs: sometimes(1_000, 6_000),
    jumpMs: sometimes(500, 4_000),
    foreignWriterMs: sometimes(500, 6_000),
    rivalMs: sometimes(1_000, 8_000),
  };
  return {
    seed,
    clients: random.between(2, 8),
    operationsEach: random.between(10, 40),
    skus: random.between(1, 5),
    locations: random.between(1, 3),
    shards: random.pick([1, 4, 256]),
    limits: limitsOf(random),
    rates: calm ? CALM : ratesOf(random),
    ...interruptions,
    powerLoss: random.pick([0, 0.3, 1]),
    jumpMsMax: random.pick([50, 5_000, 120_000, 3_600_000]),
    undisturbed: Object.values(interruptions).every((meanMs) => meanMs === 0),
  };
}

function limitsOf(random: SimRandom): Partial<MemberLimits> {
  return {
    waitingMax: random.pick([4, 50_000, 50_000]),
    batchEntriesMax: random.pick([1, 4, 2_048]),
    answerMsMax: random.pick([500, 5_000]),
    checkpointMs: random.pick([20, 300, 3_000, 60_000]),
    dirtyMax: random.pick([3, 200_000]),
    activeRecordsMax: random.pick([0, 200_000]),
    activeReservationsMax: random.pick([0, 200_000]),
    trimMargin: random.pick([1, 10, 1_000]),
  };
}

function ratesOf(random: SimRandom): WeatherRates {
  const sometimes = (high: number): number => (random.chance(0.5) ? (random.between(1, 100) / 100) * high : 0);
  return {
    ...CALM,
    appendLost: sometimes(0.2),
    appendAnswerLost: sometimes(0.2),
    appendLate: sometimes(0.2),
    appendDuplicated: sometimes(0.3),
    journalAskFails: sometimes(0.2),
    checkpointFails: sometimes(0.5),
    journalLatencyMsMax: random.pick([0, 2, 20]),
    slow: sometimes(0.1),
    slowMsMax: random.pick([100, 3_000]),
    checkpointLatencyMsMax: random.pick([0, 5, 200]),
    appendTimeoutMs: random.pick([50, 300, 1_500]),
  };
}
