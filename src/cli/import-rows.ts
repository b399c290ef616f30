/**
 * Rows of CSV or NDJSON, one at a time. NDJSON begins with `{`; all else is CSV with a header line, separated by the comma,
 * semicolon or tab that its header has most of.
 *
 * Rows are numbered from 1 without the header. A row that cannot be read is a row with a reason, and the next one follows.
 */

import { Readable } from "node:stream";
import { parse } from "csv-parse";
import { CommandFailed, reasonOf } from "./command.ts";

export type Fields = Readonly<Record<string, unknown>>;

export type SourceRow =
  | { readonly row: number; readonly fields: Fields }
  | { readonly row: number; readonly wrong: string; readonly raw: string };

export interface Rows {
  /** Column names of the CSV, or keys of the first object. */
  readonly header: readonly string[];
  readonly rows: AsyncIterable<SourceRow>;
}

/** Longest row, in bytes or characters: an unclosed quote must not swallow the file into memory. */
const ROW_LENGTH_MAX = 1_048_576;
const SEPARATORS = [",", ";", "\t"] as const;

/** Throws CommandFailed when there is no first row. */
export async function readRows(bytes: AsyncIterable<Buffer>): Promise<Rows> {
  const chunks = bytes[Symbol.asyncIterator]();
  const head = await firstLine(chunks);
  const text = head
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .trimStart();
  if (text === "") throw new CommandFailed("there is nothing to import");
  const all = joined(head, chunks);
  if (!text.startsWith("{")) return csvRows(all, separatorOf(text));
  return { header: Object.keys(objectOf(text.split("\n", 1)[0] ?? "") ?? {}), rows: ndjsonRows(all) };
}

async function firstLine(chunks: AsyncIterator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < ROW_LENGTH_MAX && !head.toString("latin1").trimStart().includes("\n")) {
    const { value, done } = await nextChunk(chunks);
    if (done) break;
    head = Buffer.concat([head, value]);
  }
  return head;
}

async function nextChunk(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer>> {
  try {
    return await chunks.next();
  } catch (error) {
    throw new CommandFailed(`the input cannot be read: ${reasonOf(error)}`);
  }
}

async function* joined(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await nextChunk(chunks); !next.done; next = await nextChunk(chunks)) yield next.value;
}

function separatorOf(text: string): string {
  const header = text.split("\n", 1)[0] ?? "";
  const counts = SEPARATORS.map((separator) => ({ separator, count: header.split(separator).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).separator;
}

async function csvRows(bytes: AsyncIterable<Buffer>, delimiter: string): Promise<Rows> {
  const options = {
    bom: true,
    delimiter,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: ROW_LENGTH_MAX,
  };
  const parser = parse(options);
  const source = Readable.from(bytes, { objectMode: false });
  source.on("error", (error) => parser.destroy(error));
  const records = (source.pipe(parser) as AsyncIterable<string[]>)[Symbol.asyncIterator]();
  const first = await nextRecord(records, 0);
  const header = (first ?? []).map((name) => name.trim());
  return { header, rows: rowsOfRecords(records, header) };
}

async function nextRecord(records: AsyncIterator<string[]>, row: number): Promise<string[] | undefined> {
  try {
    const { value, done } = await records.next();
    return done ? undefined : value;
  } catch (error) {
    throw new CommandFailed(`after row ${row}: ${reasonOf(error)}`);
  }
}

async function* rowsOfRecords(records: AsyncIterator<string[]>, header: readonly string[]): AsyncGenerator<SourceRow> {
  let row = 0;
  for (let record = await nextRecord(records, row); record !== undefined; record = await nextRecord(records, row)) {
    row++;
    if (record.length === header.length) yield { row, fields: fieldsOf(record, header) };
    else yield { row, wrong: `has ${record.length} fields where the header has ${header.length}`, raw: record.join(",") };
  }
}

/** An empty cell is an absent field. */
function fieldsOf(record: readonly string[], header: readonly string[]): Fields {
  const fields: Record<string, unknown> = {};
  for (let i = 0; i < header.length; i++) if (record[i] !== "") fields[header[i] as string] = record[i];
  return fields;
}

async function* ndjsonRows(bytes: AsyncIterable<Buffer>): AsyncGenerator<SourceRow> {
  let row = 0;
  for await (const line of lines(bytes)) {
    if (line.trim() === "") continue;
    row++;
    const fields = objectOf(line);
    yield fields === undefined ? { row, wrong: "is not a JSON object", raw: line.slice(0, 1_000) } : { row, fields };
  }
}

async function* lines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of bytes) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    if (rest.length > ROW_LENGTH_MAX) throw new CommandFailed(`a line is longer than ${ROW_LENGTH_MAX} characters`);
    yield* parts;
  }
  yield rest + decoder.decode();
}

function objectOf(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    // Not JSON: the caller says so with the number of the row.
    return undefined;
  }
}
