/** Plain counters of a member, read by the metrics when they are asked for. */

export interface MemberStats {
  /** Answers to reserve commands by outcome: `reserved`, `repeated`, a rejection or a fault. */
  readonly reservations: Map<string, number>;
  commands: number;
  commits: number;
  fenced: number;
  unknownOutcomes: number;
  checkpoints: number;
  checkpointFailures: number;
  expired: number;
  /** Of the last time the lane was taken. */
  recoverySeconds: number;
  recoveryRecords: number;
}

export function newStats(): MemberStats {
  return {
    reservations: new Map(),
    commands: 0,
    commits: 0,
    fenced: 0,
    unknownOutcomes: 0,
    checkpoints: 0,
    checkpointFailures: 0,
    expired: 0,
    recoverySeconds: 0,
    recoveryRecords: 0,
  };
}
