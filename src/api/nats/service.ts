/**
 * The NATS front end of one member: subscribes to every subject of the contract, in a queue group that members share, and in a cluster
 * to the same under a name of its own, for clients that know the owner.
 *
 * It borrows its connection: whoever opened it closes it, after {@link NatsService.stop}.
 */

import type { NatsConnection, Subscription } from "@nats-io/nats-core";
import type { Grid, MemberPhase } from "../../member/index.ts";
import type { Log } from "../../ports/index.ts";
import { type ClusterOptions, mapOperation, subjectAt } from "./cluster.ts";
import { Desk, type Observe } from "./desk.ts";
import { EndpointCounters, MicroProtocol } from "./micro.ts";
import type { Operation } from "./operation.ts";
import { OPERATIONS } from "./operations.ts";

/** Items in flight at once, over all endpoints of this member. */
export const NATS_ITEMS_IN_FLIGHT_MAX = 20_000;

/** How long {@link NatsService.stop} waits for answers that the grid still owes. */
const STOP_WAIT_MS_MAX = 10_000;

export const NATS_SERVICE_NAME = "stockgrid";

/** Members of all nodes share one queue: a request reaches one of them. */
const QUEUE = "stockgrid";

export interface NatsServiceOptions {
  readonly connection: NatsConnection;
  readonly grid: Grid;
  /** Shown in the service's metadata. */
  readonly cluster: string;
  /** Semantic version of this build. */
  readonly version: string;
  /** Asked for every message; everything but `serving` is answered `not-ready`. */
  readonly phase: () => MemberPhase;
  /** Items; default {@link NATS_ITEMS_IN_FLIGHT_MAX}. */
  readonly maxInFlight?: number | undefined;
  /** True while the node cannot take more for other reasons, such as memory. Asked for every message. */
  readonly overloaded?: (() => boolean) | undefined;
  readonly observe?: Observe | undefined;
  /** Given: also answers `stockgrid.v1.cluster.map`, and every subject under `stockgrid.v1.at.<lane>.` for this member alone. */
  readonly routing?: ClusterOptions | undefined;
  readonly log: Log;
}

export interface NatsService {
  /** Takes nothing new, answers what is in flight, then lets go. Resolves also when answers are still owed after 10 s. */
  stop(): Promise<void>;
}

/** Resolves once the server knows every subscription. */
export async function startNatsService(options: NatsServiceOptions): Promise<NatsService> {
  const desk = new Desk({
    connection: options.connection,
    grid: options.grid,
    phase: options.phase,
    maxInFlight: options.maxInFlight ?? NATS_ITEMS_IN_FLIGHT_MAX,
    overloaded: options.overloaded,
    observe: options.observe,
    log: options.log,
  });
  const { routing } = options;
  const operations = routing === undefined ? OPERATIONS : [...OPERATIONS, mapOperation(routing)];
  const counters = operations.map((operation) => new EndpointCounters(operation.name, operation.subject));
  const subscriptions = operations.flatMap((operation, index) =>
    listen(options, desk, operation, counters[index] as EndpointCounters),
  );
  const micro = new MicroProtocol(options.connection, microConfig(options), counters);
  micro.start();
  await options.connection.flush();
  options.log.info({ service: NATS_SERVICE_NAME, endpoints: operations.length }, "the NATS service answers");
  let stopping: Promise<void> | undefined;
  return {
    stop: () => {
      stopping ??= stop(options, desk, subscriptions, micro);
      return stopping;
    },
  };
}

/** Requests that come to this member alone are counted with those of its endpoint. */
function listen(options: NatsServiceOptions, desk: Desk, operation: Operation, counters: EndpointCounters): Subscription[] {
  const { connection, routing, log } = options;
  const subscribe = (subject: string, group: { readonly queue?: string }): Subscription =>
    connection.subscribe(subject, {
      ...group,
      callback: (error, message) => {
        if (error === null) desk.take(operation, counters, message);
        else log.error({ err: error, subject }, "the subscription of an endpoint failed");
      },
    });
  const shared = subscribe(operation.subject, { queue: QUEUE });
  return routing === undefined ? [shared] : [shared, subscribe(subjectAt(routing, operation), {})];
}

function microConfig({ version, cluster }: NatsServiceOptions): ConstructorParameters<typeof MicroProtocol>[1] {
  return {
    name: NATS_SERVICE_NAME,
    version,
    description: "Reserve stock, move it, and ask what is there",
    metadata: { cluster },
    queue: QUEUE,
  };
}

async function stop(
  { connection, log }: NatsServiceOptions,
  desk: Desk,
  subscriptions: readonly Subscription[],
  micro: MicroProtocol,
): Promise<void> {
  if (connection.isClosed()) return;
  await Promise.all(subscriptions.filter((it) => !it.isClosed()).map((it) => it.drain()));
  const owed = await owedAfter(desk, STOP_WAIT_MS_MAX);
  if (owed > 0) log.warn({ items: owed }, "the NATS service stopped with requests unanswered");
  await micro.stop();
  if (!connection.isClosed()) await connection.flush();
}

/** Waits until nothing is in flight, at most `waitMs`; the number of items that still are. */
async function owedAfter(desk: Desk, waitMs: number): Promise<number> {
  const { promise: tooLate, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, waitMs);
  await Promise.race([desk.flight.idle(), tooLate]);
  clearTimeout(timer);
  return desk.flight.items;
}
