/** What the metrics of a node read from its member and feed at each scrape. */

import type { Feed } from "./feed/index.ts";
import { INGEST_RESULTS, type Ingest } from "./ingest/index.ts";
import type { Member } from "./member/index.ts";
import type { NodeMetrics } from "./metrics/index.ts";
import type { Keeper } from "./placement/index.ts";
import type { Router, RouterObserver } from "./router/index.ts";

const MS_PER_SECOND = 1_000;
const LOOK_AT_LANES_MS = 2_000;

/** Last sequences of lanes; see journal/lane-ends.ts. */
type LaneEndsOf = (lanes: readonly string[]) => Promise<ReadonlyMap<string, number>>;

export function describeMember(metrics: NodeMetrics, member: Member): void {
  describeCommits(metrics, member);
  describeActors(metrics, member);
}

function describeCommits(metrics: NodeMetrics, member: Member): void {
  const { stats } = member;
  metrics.counter("reservations_total", "Answers to reserve commands, by outcome.", ["outcome"], () =>
    [...stats.reservations].map(([outcome, value]) => ({ labels: { outcome }, value })),
  );
  metrics.counter("commits_total", "Journal records committed.", [], () => [{ value: stats.commits }]);
  metrics.counter("commands_total", "Commands and reads taken in.", [], () => [{ value: stats.commands }]);
  metrics.counter("lane_lost_total", "Times the lane was lost and taken again.", [], () => [{ value: stats.fenced }]);
  metrics.counter("commit_unknown_total", "Appends whose outcome was unknown at first.", [], () => [
    { value: stats.unknownOutcomes },
  ]);
  metrics.gauge("waiting_commands", "Callers that wait for a commit.", [], () => [{ value: member.gauges().waiting }]);
  metrics.gauge("unsettled_reservations", "Reservations over several shards that some shard has yet to follow.", [], () => [
    { value: member.gauges().unsettled },
  ]);
  metrics.gauge("lane_sequence", "Last committed record of the lane.", [], () => [{ value: member.gauges().laneSeq }]);
  metrics.gauge("ready", "1 while the member serves.", [], () => [{ value: member.phase === "serving" ? 1 : 0 }]);
}

function describeActors(metrics: NodeMetrics, member: Member): void {
  const { stats } = member;
  metrics.gauge("actors", "Actors in memory, by kind.", ["kind"], () => {
    const { records, reservations } = member.gauges();
    return [
      { labels: { kind: "record" }, value: records },
      { labels: { kind: "reservation" }, value: reservations },
    ];
  });
  metrics.counter("activations_total", "Records brought into memory.", [], () => [{ value: member.gauges().activations }]);
  metrics.gauge("dirty_actors", "Actors changed since the last checkpoint cut.", [], () => [{ value: member.gauges().dirty }]);
  metrics.gauge("hold_timers", "Holds whose end is near enough to be timed in memory.", [], () => [
    { value: member.gauges().timers },
  ]);
  metrics.counter("holds_expired_total", "Holds ended by time.", [], () => [{ value: stats.expired }]);
  metrics.counter("checkpoints_total", "Checkpoints, by result.", ["result"], () => [
    { labels: { result: "written" }, value: stats.checkpoints },
    { labels: { result: "failed" }, value: stats.checkpointFailures },
  ]);
  metrics.gauge("checkpoint_age_seconds", "Time since the last checkpoint, or since the start.", [], () => {
    const { checkpointedAt } = member.gauges();
    return checkpointedAt === 0 ? [] : [{ value: (Date.now() - checkpointedAt) / 1000 }];
  });
  metrics.gauge("recovery_seconds", "How long taking the lane took the last time.", [], () => [{ value: stats.recoverySeconds }]);
  metrics.gauge("recovery_records", "Journal records replayed by it.", [], () => [{ value: stats.recoveryRecords }]);
}

export function describeFeed(metrics: NodeMetrics, feed: Feed): void {
  metrics.gauge(
    "feed_lag_seconds",
    "Age of the oldest committed change not yet published, 0 when there is none.",
    ["feed"],
    () => {
      const { eventsLagSeconds, availabilityLagSeconds } = feed.stats();
      return [
        { labels: { feed: "events" }, value: eventsLagSeconds },
        { labels: { feed: "availability" }, value: availabilityLagSeconds },
      ];
    },
  );
  metrics.counter("feed_events_total", "Events published.", [], () => [{ value: feed.stats().eventsPublished }]);
  metrics.counter("feed_resyncs_total", "Times the feed looked up where it stands.", [], () => [{ value: feed.stats().resyncs }]);
}

export function describeIngest(metrics: NodeMetrics, ingest: Ingest): void {
  metrics.counter("ingest_messages_total", "Deliveries of the inbound stream answered, by result.", ["result"], () => {
    const { results } = ingest.stats();
    return INGEST_RESULTS.map((result) => ({ labels: { result }, value: results[result] }));
  });
  metrics.gauge("ingest_in_flight", "Inbound messages that wait for a commit.", [], () => [{ value: ingest.stats().inFlight }]);
}

export function describeKeeper(metrics: NodeMetrics, keeper: Keeper, member: Member): void {
  metrics.gauge("members", "Members of the cluster as this one sees them, by state.", ["state"], () => {
    const counts = new Map<string, number>();
    for (const { state, suspected } of keeper.status()?.members ?? []) {
      const name = suspected ? "suspected" : state;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return [...counts].map(([state, value]) => ({ labels: { state }, value }));
  });
  metrics.gauge("member_suspected", "Members that look dead from here.", [], () => [
    { value: (keeper.status()?.members ?? []).filter(({ suspected }) => suspected).length },
  ]);
  metrics.gauge("shards_owned", "Shards served by this member.", [], () => [{ value: countHeld(member, "served") }]);
  metrics.gauge("shards_standby", "Shards this member stands by for.", [], () => [{ value: countHeld(member, "following") }]);
  metrics.gauge("shards_unserved", "Shards of the cluster whose owner is away or unknown, as this member sees it.", [], () => [
    { value: (keeper.status()?.shards ?? []).filter(({ state }) => state !== "owned").length },
  ]);
  metrics.counter("shard_moves_total", "Shards this member took from another, by the way.", ["kind"], () => {
    const { moves, failovers } = keeper.counts();
    return [
      { labels: { kind: "planned" }, value: moves },
      { labels: { kind: "failover" }, value: failovers },
    ];
  });
  metrics.counter("shard_claims_total", "Claims in the shard map by this member, by result.", ["result"], () => {
    const { claims, mapConflicts, mapUnknown } = keeper.counts();
    return [
      { labels: { result: "won" }, value: claims },
      { labels: { result: "conflict" }, value: mapConflicts },
      { labels: { result: "unknown" }, value: mapUnknown },
    ];
  });
  metrics.counter("lane_seals_total", "Lanes of others that this member sealed.", [], () => [{ value: keeper.counts().seals }]);
}

function countHeld({ host }: Member, state: string): number {
  let count = 0;
  for (const held of host.holdings()) if (held.state === state) count++;
  return count;
}

export function describeRouter(metrics: NodeMetrics, router: Router): void {
  metrics.gauge("router_pending", "Commands that wait for another member.", [], () => [{ value: router.pending }]);
  metrics.counter("router_retries_total", "Times a command was tried again since its shard was elsewhere or silent.", [], () => [
    { value: router.retries },
  ]);
}

/** Counts what goes to other members, by the way: `thread` within the node, `nats` to other nodes. */
export function observeForwarding(metrics: NodeMetrics, isSibling: (lane: string) => boolean): RouterObserver {
  const counts = { thread: 0, nats: 0 };
  const seconds = { thread: metrics.forwardedSeconds.child("thread"), nats: metrics.forwardedSeconds.child("nats") };
  metrics.counter("forwarded_commands_total", "Commands that went to another member, by the way.", ["way"], () =>
    Object.entries(counts).map(([way, value]) => ({ labels: { way }, value })),
  );
  const wayTo = (lane: string): keyof typeof counts => (isSibling(lane) ? "thread" : "nats");
  return {
    seconds: () => performance.now() / MS_PER_SECOND,
    forwarded: (lane) => void counts[wayTo(lane)]++,
    answered: (lane, took) => seconds[wayTo(lane)].observe(took),
  };
}

/** Reads where followed lanes end now and then, so that a scrape waits for nobody. The result ends it. */
export function describeLag(metrics: NodeMetrics, member: Member, endsOf: LaneEndsOf): () => void {
  let ends: ReadonlyMap<string, number> = new Map();
  const timer = setInterval(() => {
    const lanes = member.followed().map(({ lane }) => lane);
    if (lanes.length > 0) void endsOf(lanes).then((found) => (ends = found));
  }, LOOK_AT_LANES_MS);
  metrics.gauge("standby_lag_records", "Records of a followed lane that are not applied here yet.", ["lane"], () =>
    member.followed().flatMap(({ lane, seq }) => {
      const end = ends.get(lane);
      return end === undefined ? [] : [{ labels: { lane }, value: Math.max(0, end - seq) }];
    }),
  );
  return () => clearInterval(timer);
}
