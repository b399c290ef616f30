/** The event feed at 20,000 events a second: how far it is behind, second by second, and how soon it has caught up. */

import { type RunResult, runLoad } from "../src/loadgen/index.ts";
import { feedCounter } from "./lib/feed-events.ts";
import { startLoadedGrid } from "./lib/grid-process.ts";
import { MANY_SKUS } from "./lib/load-shape.ts";
import { metricOf } from "./lib/metrics.ts";
import { NatsTarget } from "./lib/nats-load.ts";
import { arraysOf, CREATE_SUBJECT, hasProblem, reserveMany } from "./lib/nats-reserve.ts";
import { type BenchRun, runWhenMain, type Section, type Verdict } from "./lib/section.ts";
import { tempFolder } from "./lib/temp-folder.ts";
import { waitFor } from "./lib/wait.ts";

export interface FeedResult {
  readonly eventsPerSecond: number;
  readonly seconds: number;
  /** Stock events that the load made, and that the feed has published since it began. */
  readonly made: number;
  readonly published: number;
  /** `stockgrid_feed_lag_seconds`, once a second under load. */
  readonly lagSeconds: readonly number[];
  /** From the end of the load until every event was published. */
  readonly caughtUpMs: number;
  readonly load: RunResult;
}

const EVENTS_A_SECOND = 20_000;
/** Each reservation of one line makes one stock event. */
const ITEMS = 100;
const WINDOW = 64;
/** Reservations made before, so that the code is compiled. */
const WARM_UP = 100_000;
const LAG_MAX_SECONDS = 1;
const CATCH_UP_MS_MAX = 120_000;

export const section: Section<FeedResult> = { name: "feed", title: "Event feed at 20,000 events/s", run, verdicts };

async function run({ quick, log }: BenchRun): Promise<FeedResult> {
  await using folder = await tempFolder("bench-feed");
  await using grid = await startLoadedGrid(folder.path);
  await using feed = await feedCounter(grid);
  const reached = async (count: number): Promise<true | undefined> => ((await feed.count()) >= count ? true : undefined);
  await reserveMany(grid, MANY_SKUS, WARM_UP, ITEMS);
  await waitFor("the events of the warm-up", CATCH_UP_MS_MAX, () => reached(MANY_SKUS.skus + WARM_UP));
  const before = await feed.count();
  const payloads = arraysOf(MANY_SKUS, ITEMS);
  const target = await NatsTarget.open({
    url: grid.natsUrl,
    subject: CREATE_SUBJECT,
    window: WINDOW,
    payload: (index) => payloads[index % payloads.length] as Uint8Array,
    judge: ({ data }) => (hasProblem(data) ? "failed" : "accepted"),
  });
  const reads: Promise<number | undefined>[] = [];
  const seconds = quick ? 4 : 30;
  const schedule = { perSecond: EVENTS_A_SECOND / ITEMS, rampSeconds: 0 };
  const pace = { kind: "open", schedule, patienceMs: CATCH_UP_MS_MAX } as const;
  const load = await runLoad({ target, pace, seconds, onSecond: () => reads.push(metricOf(grid, "stockgrid_feed_lag_seconds")) });
  await target.close();
  const made = load.counts.accepted * ITEMS;
  const endedAt = performance.now();
  await waitFor("all events on the feed", CATCH_UP_MS_MAX, () => reached(before + made));
  const caughtUpMs = performance.now() - endedAt;
  const lagSeconds = (await Promise.all(reads)).filter((lag) => lag !== undefined);
  log(`   accepted ${load.counts.accepted} of ${load.offered} arrays, refused ${load.counts.refused}, not sent ${load.unsent}`);
  log(`   largest lag ${Math.max(...lagSeconds)} s, caught up ${Math.round(caughtUpMs)} ms after the end`);
  return {
    eventsPerSecond: made / seconds,
    seconds,
    made,
    published: (await feed.count()) - before,
    lagSeconds,
    caughtUpMs,
    load,
  };
}

function verdicts({ eventsPerSecond, lagSeconds, made, published, caughtUpMs }: FeedResult): Verdict[] {
  const lag = Math.max(...lagSeconds);
  return [
    {
      what: "feed at 20,000 events/s: largest lag",
      reach: "under 1 s",
      measured: `${lag.toFixed(2)} s at ${Math.round(eventsPerSecond)}/s; ${published} of ${made} events published, the last ${Math.round(caughtUpMs)} ms after the end`,
      reached: lag < LAG_MAX_SECONDS && eventsPerSecond >= 0.99 * EVENTS_A_SECOND && published === made,
    },
  ];
}

await runWhenMain(section, import.meta.main);
