/** The bytes of an import: a file or standard input, unpacked when they are gzip, which their first two bytes tell. */

import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { CommandFailed, reasonOf } from "./command.ts";

export interface Source {
  readonly bytes: AsyncIterable<Buffer>;
  /** Bytes of the file, packed; undefined for standard input. */
  readonly sizeBytes: number | undefined;
  /** Packed bytes read so far. */
  readBytes(): number;
}

/** Reads from `path`, or from standard input for `-`. Throws CommandFailed when there is nothing to read. */
export async function openSource(path: string): Promise<Source> {
  const raw = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 262_144 });
  const chunks = (raw as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let read = 0;
  const next = async (): Promise<Buffer | undefined> => {
    const { value, done } = await chunks.next();
    if (done) return undefined;
    read += value.length;
    return value;
  };
  const head = await firstBytes(next).catch((error: unknown) => {
    throw new CommandFailed(`${path} cannot be read: ${reasonOf(error)}`);
  });
  const packed = Readable.from(followedBy(head, next), { objectMode: false });
  const bytes = head[0] === 0x1f && head[1] === 0x8b ? gunzipped(packed) : packed;
  return { bytes, sizeBytes: path === "-" ? undefined : statSync(path).size, readBytes: () => read };
}

type Next = () => Promise<Buffer | undefined>;

async function firstBytes(next: Next): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < 2) {
    const chunk = await next();
    if (chunk === undefined) break;
    head = Buffer.concat([head, chunk]);
  }
  return head;
}

async function* followedBy(head: Buffer, next: Next): AsyncGenerator<Buffer> {
  if (head.length > 0) yield head;
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk;
}

function gunzipped(packed: Readable): Readable {
  const unpacked = createGunzip();
  // The error reaches whoever reads: pipeline destroys `unpacked` with it.
  pipeline(packed, unpacked, () => undefined);
  return unpacked;
}

/** SHA-256 of a whole file, in hex: rows without an id get theirs from it. */
export async function contentIdentity(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1_048_576 })) hash.update(chunk as Buffer);
  } catch (error) {
    throw new CommandFailed(`${path} cannot be read: ${reasonOf(error)}`);
  }
  return hash.digest("hex");
}
