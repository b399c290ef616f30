/** A router for the benchmark of links: a member that does one thing, no locations. */

import { LocationBook } from "../../src/locations/index.ts";
import type { KeyValue, Links, Log } from "../../src/ports/index.ts";
import { type LocalMember, Router } from "../../src/router/index.ts";
import { SystemClock, SystemRandom } from "../../src/system/index.ts";

export type BenchLinks = Links;

const quiet = (): void => undefined;
export const quietLog: Log = { info: quiet, warn: quiet, error: quiet };

export function benchRouter(
  lane: string,
  links: Links,
  ownerOf: () => string,
  member: Pick<LocalMember, "serves" | "reserve">,
): Router {
  const clock = new SystemClock();
  const nowhere = { watch: () => quiet } as unknown as KeyValue;
  return new Router({
    lane,
    shards: 256,
    member: member as LocalMember,
    locations: new LocationBook(nowhere, clock),
    ownerOf,
    links,
    clock,
    random: new SystemRandom(),
    log: quietLog,
  });
}
