/** A real member in memory behind a real server: only the journal, the store and the feed are stand-ins. */

import { buildHttpServer, type HttpServerOptions } from "../../src/api/http/index.ts";
import type { LaneSeq } from "../../src/base/index.ts";
import { type Grid, Member, withLocations } from "../../src/member/index.ts";
import type { AppendOutcome, CheckpointWriter, EventTail, Journal, Log, SnapshotStore, Table } from "../../src/ports/index.ts";
import { SystemClock, SystemRandom } from "../../src/system/index.ts";
import { soloMember } from "../support/solo-member.ts";

export const QUIET: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

export const NO_EVENTS: EventTail = { follow: () => Promise.resolve(() => undefined) };

export type TestServer = ReturnType<typeof buildHttpServer>;

export function serverOf(grid: Grid | Member, options: Partial<HttpServerOptions> = {}): TestServer {
  return buildHttpServer({
    grid: grid instanceof Member ? withLocations(grid, grid.locations) : grid,
    phase: () => "serving",
    events: NO_EVENTS,
    apiKeys: [],
    cluster: "test",
    version: "1.2.3",
    metricsText: () => Promise.resolve("stockgrid_up 1\n"),
    log: QUIET,
    ...options,
  });
}

/** A member that serves, with an empty lane. */
export async function memberInMemory(): Promise<Member> {
  const member = soloMember({
    lane: "test",
    shards: 16,
    ports: {
      clock: new SystemClock(),
      random: new SystemRandom(),
      journal: new MemoryJournal(),
      store: new MemoryStore(),
      log: QUIET,
    },
  });
  await member.start();
  return member;
}

class MemoryJournal implements Journal {
  readonly #records: Uint8Array[] = [];

  bounds(): ReturnType<Journal["bounds"]> {
    return Promise.resolve({ first: 1 as LaneSeq, last: this.#records.length as LaneSeq });
  }

  append(record: Uint8Array, expectedLast: LaneSeq, done: (outcome: AppendOutcome) => void): void {
    if (expectedLast !== this.#records.length) {
      setImmediate(done, { kind: "wrong-sequence" });
      return;
    }
    this.#records.push(Uint8Array.from(record));
    setImmediate(done, { kind: "committed", seq: this.#records.length as LaneSeq });
  }

  read(seq: LaneSeq): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#records[seq - 1]);
  }

  replay(from: LaneSeq, to: LaneSeq, onRecord: (seq: LaneSeq, record: Uint8Array) => void): Promise<void> {
    for (let seq: number = from; seq <= to; seq++) onRecord(seq as LaneSeq, this.#records[seq - 1] as Uint8Array);
    return Promise.resolve();
  }

  trim(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Sorted only when asked; enough for a few hundred rows. */
class MemoryStore implements SnapshotStore {
  readonly #rows = new Map<string, Uint8Array>();
  #mark: Uint8Array | undefined;

  mark(): Uint8Array | undefined {
    return this.#mark;
  }

  get(table: Table, key: string): Uint8Array | undefined {
    return this.#rows.get(`${table}\n${key}`);
  }

  *scan(
    table: Table,
    { from, to, limit }: { from: string; to: string; limit?: number },
  ): ReturnType<SnapshotStore["scan"]> & Generator {
    const prefix = `${table}\n`;
    const keys = [...this.#rows.keys()].filter((key) => key >= prefix + from && key < prefix + to).sort();
    for (const key of keys.slice(0, limit)) yield { key: key.slice(prefix.length), value: this.#rows.get(key) as Uint8Array };
  }

  count(table: Table): number {
    return [...this.#rows.keys()].filter((key) => key.startsWith(`${table}\n`)).length;
  }

  begin(): CheckpointWriter {
    const rows = new Map<string, Uint8Array | undefined>();
    return {
      put: (table, key, value) => void rows.set(`${table}\n${key}`, Uint8Array.from(value)),
      delete: (table, key) => void rows.set(`${table}\n${key}`, undefined),
      commit: (mark, done) => setImmediate(() => this.#commit(rows, mark, done)),
      abandon: () => rows.clear(),
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #commit(rows: ReadonlyMap<string, Uint8Array | undefined>, mark: Uint8Array, done: (error?: Error) => void): void {
    for (const [key, value] of rows) {
      if (value === undefined) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
    this.#mark = Uint8Array.from(mark);
    done();
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** One request by inject; the body, if there is one, goes out as JSON. */
export async function ask(
  server: TestServer,
  method: "GET" | "PUT" | "POST" | "DELETE" | "HEAD" | "PATCH",
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const typed = body === undefined ? headers : { "content-type": "application/json", ...headers };
  const response = await server.inject({ method, url, headers: typed, ...payload });
  const isJson = String(response.headers["content-type"]).includes("json") && response.body !== "";
  return {
    status: response.statusCode,
    headers: response.headers,
    body: isJson ? response.json<Record<string, unknown>>() : {},
    text: response.body,
  };
}

export const slugOf = (answer: Answer): string => String(answer.body["type"]).replace("urn:stockgrid:problem:", "");
