/**
 * What a seed means for a cluster: machines and members, sizes, limits, and which faults there are how often. Every fault is in about half of the plans; one
 * plan in eight has none.
 */

import type { MemberLimits } from "../../../src/member/index.ts";
import { CALM, SimRandom, type WeatherRates } from "../world/index.ts";

export interface ClusterPlan {
  readonly seed: number;
  readonly machines: number;
  readonly members: number;
  /** Members that run from the beginning; the others join. */
  readonly founders: number;
  readonly shards: number;
  readonly clients: number;
  readonly operationsEach: number;
  readonly skus: number;
  readonly locations: number;
  readonly limits: Partial<MemberLimits>;
  readonly rates: WeatherRates;
  /** Largest message between members, bytes. */
  readonly messageBytesMax: number;
  /** After this the world is calm, virtual ms. */
  readonly disturbedMs: number;
  /** Mean time between two of these, virtual ms; 0 for never. */
  readonly killMs: number;
  readonly machineKillMs: number;
  readonly restartMs: number;
  readonly leaveMs: number;
  readonly joinMs: number;
  readonly pauseMs: number;
  readonly partitionMs: number;
  readonly jumpMs: number;
  /** Share of machines killed that lose their power with it. */
  readonly powerLoss: number;
  /** How long a dead member, a pause or a partition lasts at most, ms. */
  readonly awayMsMax: number;
  readonly jumpMsMax: number;
  /** How far the clock of a machine is off from the beginning at most, ms. */
  readonly skewMsMax: number;
  /** Nothing disturbs the members, so that holds must end at their very millisecond. */
  readonly undisturbed: boolean;
}

const PLAN_STREAM = 3;
const CALM_EVERY = 8;

export function clusterPlanOf(seed: number): ClusterPlan {
  const random = new SimRandom(seed, PLAN_STREAM);
  const calm = seed % CALM_EVERY === 0;
  const sometimes = (low: number, high: number): number => (!calm && random.chance(0.5) ? random.between(low, high) : 0);
  const machines = random.between(1, 4);
  const members = random.between(machines, 5);
  const disturbances = {
    killMs: sometimes(1_500, 12_000),
    machineKillMs: sometimes(4_000, 20_000),
    restartMs: sometimes(3_000, 15_000),
    leaveMs: sometimes(4_000, 20_000),
    joinMs: sometimes(2_000, 10_000),
    pauseMs: sometimes(1_500, 10_000),
    partitionMs: sometimes(1_500, 10_000),
    jumpMs: sometimes(500, 8_000),
  };
  return {
    ...{ seed, machines, members },
    founders: calm ? members : random.between(1, members),
    shards: random.between(1, 16),
    ...{ clients: random.between(2, 8), operationsEach: random.between(10, 40) },
    ...{ skus: random.between(1, 6), locations: random.between(1, 3) },
    limits: limitsOf(random),
    rates: calm ? CALM : ratesOf(random),
    messageBytesMax: random.pick([4_096, 65_536, 1_048_576]),
    disturbedMs: random.between(30_000, 60_000),
    ...disturbances,
    powerLoss: random.pick([0, 0.3, 1]),
    awayMsMax: random.pick([500, 3_000, 10_000]),
    jumpMsMax: random.pick([50, 5_000, 120_000, 3_600_000]),
    skewMsMax: calm ? 0 : random.pick([0, 50, 2_000, 60_000]),
    undisturbed: calm,
  };
}

function limitsOf(random: SimRandom): Partial<MemberLimits> {
  return {
    waitingMax: random.pick([4, 50_000, 50_000]),
    batchEntriesMax: random.pick([1, 4, 2_048]),
    answerMsMax: random.pick([500, 5_000]),
    checkpointMs: random.pick([50, 300, 3_000, 60_000]),
    dirtyMax: random.pick([3, 200_000]),
    activeRecordsMax: random.pick([0, 200_000]),
    activeReservationsMax: random.pick([0, 200_000]),
    trimMargin: random.pick([1, 10, 1_000]),
  };
}

function ratesOf(random: SimRandom): WeatherRates {
  const sometimes = (high: number): number => (random.chance(0.5) ? (random.between(1, 100) / 100) * high : 0);
  return {
    appendLost: sometimes(0.1),
    appendAnswerLost: sometimes(0.1),
    appendLate: sometimes(0.05),
    appendDuplicated: sometimes(0.3),
    journalAskFails: sometimes(0.2),
    checkpointFails: sometimes(0.5),
    journalLatencyMsMax: random.pick([0, 2, 20]),
    slow: sometimes(0.05),
    slowMsMax: random.pick([100, 3_000]),
    checkpointLatencyMsMax: random.pick([0, 5, 200]),
    appendTimeoutMs: random.pick([100, 300, 1_500]),
    cutLoses: random.pick([0, 0.5, 1]),
    followBreaks: sometimes(0.05),
    bucketLost: sometimes(0.1),
    bucketAnswerLost: sometimes(0.1),
    bucketLate: sometimes(0.05),
    bucketAskFails: sometimes(0.2),
    watchBreaks: sometimes(0.1),
    watchAwayMsMax: random.pick([10, 500, 3_000]),
    watchCoalesces: random.pick([0, 0.5, 1]),
    linkLost: sometimes(0.1),
    linkLatencyMsMax: random.pick([0, 2, 50]),
  };
}
