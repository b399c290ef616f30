/** One import from end to end: source, kind, ids, resume, rejects, progress. The command and `serve --sample` both use it. */

import { createHash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { UsageError } from "./command.ts";
import type { Connection } from "./connection.ts";
import { type ColumnMap, guessKind, type ImportKind, ignoredColumns } from "./import-kind.ts";
import { readRows } from "./import-rows.ts";
import { type ImportCounts, type Reject, runImport } from "./import-run.ts";
import { contentIdentity, openSource } from "./import-source.ts";
import { Progress } from "./import-state.ts";

export interface FileImport {
  /** A path, or `-` for standard input. */
  readonly path: string;
  /** Undefined: from the header. */
  readonly kind: ImportKind | undefined;
  readonly map: ColumnMap;
  /** Undefined: from the content. */
  readonly batchId: string | undefined;
  readonly rejectsPath: string;
  /** Undefined: the import does not resume. */
  readonly statePath: string | undefined;
  readonly connection: Connection;
  readonly inFlight: number;
  readonly batchRows: number;
  readonly patienceMs: number;
  readonly stop: AbortSignal;
  readonly onProgress: (progress: ImportProgress) => void;
}

export interface ImportProgress {
  readonly rows: number;
  readonly readBytes: number;
  readonly sizeBytes: number | undefined;
}

export interface ImportSummary {
  readonly kind: ImportKind;
  readonly counts: ImportCounts;
  readonly rows: number;
  /** Rows that an earlier run had done. */
  readonly resumedRows: number;
  readonly ignoredColumns: readonly string[];
  readonly seconds: number;
  /** Why progress could not be kept, when it could not. */
  readonly stateFailure: string | undefined;
}

/** Throws UsageError, CommandFailed, or the reason of `stop`. Progress is kept in every case. */
export async function importOne(options: FileImport): Promise<ImportSummary> {
  const started = performance.now();
  const batch = options.batchId ?? (options.path === "-" ? undefined : await contentIdentity(options.path));
  const source = await openSource(options.path);
  const { header, rows } = await readRows(source.bytes);
  const kind = options.kind ?? guessKind(header, options.map);
  mustHaveIds(header, kind, options.map, batch);
  const progress = new Progress(options.statePath, digest([batch, options.connection.url, kind, [...options.map]]));
  const earlier = progress.earlier();
  const rejects = new RejectsFile(options.rejectsPath, earlier !== undefined);
  let settledRows = earlier?.rows ?? 0;
  try {
    const counts = await runImport({
      ...options,
      rows,
      kind,
      idOfRow: idMaker(batch),
      doneRows: settledRows,
      onReject: (reject) => rejects.write(reject),
      onSettled: (row, settled) => {
        settledRows = row;
        progress.reached(row, sum(settled, earlier?.counts));
        options.onProgress({ rows: row, readBytes: source.readBytes(), sizeBytes: source.sizeBytes });
      },
    });
    progress.clear();
    const { failure: stateFailure } = progress;
    const seconds = (performance.now() - started) / 1_000;
    const ignored = ignoredColumns(header, kind, options.map);
    const all = sum(counts, earlier?.counts);
    return {
      kind,
      counts: all,
      rows: settledRows,
      resumedRows: earlier?.rows ?? 0,
      ignoredColumns: ignored,
      seconds,
      stateFailure,
    };
  } catch (error) {
    progress.save();
    throw error;
  } finally {
    rejects.close();
  }
}

/** From standard input nothing tells one import from the next, so that a repeat could not be seen. */
function mustHaveIds(header: readonly string[], kind: ImportKind, map: ColumnMap, batch: string | undefined): void {
  const has = header.some((name) => (map.get(name) ?? name) === "id");
  if (batch !== undefined || has || kind === "locations") return;
  throw new UsageError("rows from standard input have no id: add the column id, or name this import with --batch-id");
}

function idMaker(batch: string | undefined): (row: number) => string | undefined {
  if (batch === undefined) return () => undefined;
  const prefix = `import-${digest(batch).slice(0, 20)}-`;
  return (row) => prefix + row;
}

function digest(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

function sum(counts: Readonly<ImportCounts>, earlier: Readonly<ImportCounts> | undefined): ImportCounts {
  return {
    applied: counts.applied + (earlier?.applied ?? 0),
    duplicate: counts.duplicate + (earlier?.duplicate ?? 0),
    pending: counts.pending + (earlier?.pending ?? 0),
    rejected: counts.rejected + (earlier?.rejected ?? 0),
  };
}

/** Rows that were not imported, one JSON object a line. The file appears with the first of them. */
class RejectsFile {
  readonly #path: string;
  readonly #append: boolean;
  #file: number | undefined;

  constructor(path: string, append: boolean) {
    this.#path = path;
    this.#append = append;
  }

  write(reject: Reject): void {
    this.#file ??= openSync(this.#path, this.#append ? "a" : "w");
    writeSync(this.#file, `${JSON.stringify(reject)}\n`);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
