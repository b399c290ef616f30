/**
 * How client commands find a running node and talk to it: `--url`, else STOCKGRID_URL, else `node.json` in the data folder.
 */

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CommandFailed, reasonOf, UsageError } from "./command.ts";

export const CONNECTION_OPTIONS = {
  url: { type: "string" },
  "api-key": { type: "string" },
  "data-dir": { type: "string" },
  json: { type: "boolean", default: false },
} as const;

export const CONNECTION_HELP = `  --url <url>       the node to ask; default: $STOCKGRID_URL, else node.json in the data folder
  --api-key <key>   default: $STOCKGRID_API_KEY
  --data-dir <dir>  where node.json is looked for; default: $STOCKGRID_DATA_DIR, else ./data
  --json            machine-readable output
  --help            this text
`;

export interface ConnectionOptions {
  readonly url?: string | undefined;
  readonly "api-key"?: string | undefined;
  readonly "data-dir"?: string | undefined;
}

interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON, undefined for an empty body. */
  readonly body: unknown;
  /** From the header `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
}

const REQUEST_MS_MAX = 30_000;

/** A node, over HTTP. Nothing is opened before the first call. */
export class Connection {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, apiKey: string | undefined) {
    this.url = url.replace(/\/+$/, "");
    this.#headers = apiKey === undefined || apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` };
  }

  /** One request. Rejects when there is no answer in 30 s, or `stop` aborts; an error status is an answer. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
    stop?: AbortSignal,
  ): Promise<Answer> {
    const timeout = AbortSignal.timeout(REQUEST_MS_MAX);
    const response = await fetch(this.url + path, {
      method,
      headers: { ...this.#headers, ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: stop === undefined ? timeout : AbortSignal.any([stop, timeout]),
    });
    const text = await response.text();
    return { status: response.status, body: parsedBody(text), retryAfterMs: retryAfter(response) };
  }

  /** As {@link call}, for a person: what is not 2xx, or no answer at all, is CommandFailed with the words of the problem. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
    stop?: AbortSignal,
  ): Promise<unknown> {
    const answer = await this.call(method, path, body, headers, stop).catch((error: unknown) => {
      throw new CommandFailed(`${this.url} does not answer: ${reasonOf(error)}`);
    });
    if (answer.status < 200 || answer.status > 299) throw new CommandFailed(problemText(answer));
    return answer.body;
  }

  /** A response whose body is read as it comes, such as server-sent events. */
  stream(path: string, headers: Readonly<Record<string, string>>, stop: AbortSignal): Promise<Response> {
    return fetch(this.url + path, { headers: { ...this.#headers, ...headers }, signal: stop });
  }
}

/** Throws UsageError for a bad URL, CommandFailed when no node is known. */
export function connect(options: ConnectionOptions, { env, cwd }: Surroundings): Connection {
  const given = options.url ?? (env["STOCKGRID_URL"] || undefined);
  const url = given ?? runningNode(resolve(cwd, options["data-dir"] ?? (env["STOCKGRID_DATA_DIR"] || "data")));
  const protocol = URL.parse(url)?.protocol;
  if (protocol !== "http:" && protocol !== "https:") throw new UsageError(`${JSON.stringify(url)} is not an http or https URL`);
  return new Connection(url, options["api-key"] ?? env["STOCKGRID_API_KEY"]);
}

function runningNode(dataDir: string): string {
  const path = join(dataDir, "node.json");
  try {
    const node: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof node === "object" && node !== null && "httpUrl" in node && typeof node.httpUrl === "string") return node.httpUrl;
    throw new Error("it names no httpUrl");
  } catch (error) {
    throw new CommandFailed(
      `no running node found: ${path}: ${reasonOf(error)}\nStart one with \`stockgrid serve\`, or name one with --url.`,
    );
  }
}

/** A problem as one or more lines for a person. */
export function problemText(answer: Answer): string {
  const problem = asRecord(answer.body);
  const title = problem["title"] ?? `HTTP status ${answer.status}`;
  const detail = typeof problem["detail"] === "string" ? `: ${problem["detail"]}` : "";
  const shortages = asList(problem["shortages"]).map(asRecord);
  const errors = asList(problem["errors"]).map(asRecord);
  return [
    `${String(title)}${detail}`,
    ...shortages.map(
      (line) => `  ${line["sku"]} at ${line["location"]}: ${line["requested"]} asked, ${line["available"]} available`,
    ),
    ...errors.map((line) => `  ${line["path"]}: ${line["message"]}`),
  ].join("\n");
}

/** JSON from outside as an object to look into; anything else is an empty one. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function parsedBody(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // A proxy between us and the node may answer in HTML: its text is the best detail there is.
    return { detail: text.slice(0, 500) };
  }
}

function retryAfter(response: Response): number | undefined {
  const seconds = Number(response.headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1_000 : undefined;
}
