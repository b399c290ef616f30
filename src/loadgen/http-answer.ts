/**
 * Just enough HTTP/1.1 to read the answers of an API server on a keep-alive connection with one request under way:
 * status, `Retry-After`, and a body by `Content-Length` or in chunks without trailers.
 */

export interface HttpAnswer {
  readonly status: number;
  readonly hasRetryAfter: boolean;
  /** The server will close the connection after this answer. */
  readonly closes: boolean;
  /** As received: chunk sizes included when it came in chunks. Valid during the call only. */
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = "0\r\n\r\n";
const STATUS_AT = 9;
/** Longest answer that is read; a longer one is a server that is not ours. */
export const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/** The answer at the start of `bytes`, or undefined when it is not complete yet. Throws on what is no HTTP answer. */
export function readAnswer(bytes: Buffer): HttpAnswer | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0 || bytes.length > ANSWER_BYTES_MAX) return incomplete(bytes);
  const head = bytes.toString("latin1", 0, headEnd).toLowerCase();
  const status = Number(head.slice(STATUS_AT, STATUS_AT + 3));
  if (!head.startsWith("http/1.") || !Number.isInteger(status)) throw new Error("the server did not answer in HTTP/1.1");
  const bodyAt = headEnd + HEAD_END.length;
  const bodyEnd = endOfBody(bytes, head, bodyAt);
  if (bodyEnd === undefined) return undefined;
  return {
    status,
    hasRetryAfter: head.includes("\r\nretry-after:"),
    closes: head.includes("\r\nconnection: close"),
    body: bytes.subarray(bodyAt, bodyEnd),
  };
}

function endOfBody(bytes: Buffer, head: string, bodyAt: number): number | undefined {
  if (head.includes("\r\ntransfer-encoding: chunked")) {
    const last = bytes.lastIndexOf(LAST_CHUNK);
    return last >= bodyAt && last + LAST_CHUNK.length === bytes.length ? bytes.length : undefined;
  }
  const at = head.indexOf("\r\ncontent-length:");
  const length = at < 0 ? 0 : Number.parseInt(head.slice(at + "\r\ncontent-length:".length), 10);
  return bytes.length >= bodyAt + length ? bodyAt + length : undefined;
}

function incomplete(bytes: Buffer): undefined {
  if (bytes.length > ANSWER_BYTES_MAX) throw new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`);
  return undefined;
}
