/**
 * The records as the running node answers them, against the fold and the snapshot. A record that moved on since is counted
 * as such; one that is behind, or differs at the same version, is a difference.
 */

import type { LocationId, Sku } from "../base/index.ts";
import { decodeStockRecord, partsOfRecordKey } from "../codec/index.ts";
import type { SnapshotStore } from "../ports/index.ts";
import { available, type StockRecord } from "../stock/index.ts";
import { asList, asRecord, type Connection } from "./connection.ts";
import type { Differences } from "./differences.ts";
import { type Fold, recordName } from "./verify-fold.ts";

export interface LiveCounts {
  compared: number;
  /** Changed while we looked: nothing to compare with. */
  movedOn: number;
}

/** SKUs a request; the limit of the API. */
const PAGE_RECORDS = 1_000;

/** One request a thousand records. Throws CommandFailed when the node does not answer. */
export async function checkLive(
  connection: Connection,
  fold: Fold,
  store: SnapshotStore,
  differences: Differences,
  stop: AbortSignal,
): Promise<LiveCounts> {
  const counts: LiveCounts = { compared: 0, movedOn: 0 };
  for (const page of pages(fold, store)) {
    const skus = [...new Set(page.map((record) => record.sku))];
    const answer = asRecord(await connection.ask("POST", "/v1/availability", { skus }, {}, stop));
    const live = new Map(
      asList(answer["items"])
        .map(asRecord)
        .map((item) => [recordName(item["sku"] as Sku, item["location"] as LocationId), item]),
    );
    for (const record of page) compare(record, live.get(recordName(record.sku, record.location)), counts, differences);
  }
  return counts;
}

function compare(
  record: StockRecord,
  live: Readonly<Record<string, unknown>> | undefined,
  counts: LiveCounts,
  differences: Differences,
): void {
  const where = `${record.sku} at ${record.location}`;
  const version = Number(live?.["version"] ?? 0);
  if (version > record.version) {
    counts.movedOn++;
    return;
  }
  counts.compared++;
  if (version < record.version)
    differences.add(`${where}: the node has version ${version} where the journal has ${record.version}`);
  else if (live?.["available"] !== available(record)) {
    differences.add(
      `${where}: the node has ${String(live?.["available"])} available where the journal has ${available(record)} (version ${version})`,
    );
  }
}

/** Every record: those of the fold, then those that only the snapshot has. */
function* pages(fold: Fold, store: SnapshotStore): Generator<StockRecord[]> {
  const folded = [...fold.records.values()];
  for (let at = 0; at < folded.length; at += PAGE_RECORDS) yield folded.slice(at, at + PAGE_RECORDS).map(({ value }) => value);
  let from: string | undefined = "";
  while (from !== undefined) {
    const rows: Row[] = [...store.scan("records", { from, to: "\u{10FFFF}", limit: PAGE_RECORDS })];
    const records = rows.map(recordOf);
    const page = records.filter(({ sku, location }) => !fold.records.has(recordName(sku, location)));
    if (page.length > 0) yield page;
    from = rows.length < PAGE_RECORDS ? undefined : `${rows.at(-1)?.key}\u0000`;
  }
}

interface Row {
  readonly key: string;
  readonly value: Uint8Array;
}

function recordOf({ key, value }: Row): StockRecord {
  const { sku, location } = partsOfRecordKey(key);
  return decodeStockRecord(value, sku, location);
}
