/** `stockgrid tail`: follows the events, and takes up again where it was when the connection breaks. */

import { setTimeout as delay } from "node:timers/promises";
import { type Command, type CommandContext, CommandFailed, EXIT_DONE, readOptions, reasonOf, UsageError } from "./command.ts";
import { asRecord, CONNECTION_HELP, CONNECTION_OPTIONS, type Connection, connect, problemText } from "./connection.ts";
import { serverSentEvents } from "./event-stream.ts";
import { paint, type Terminal } from "./terminal.ts";

const RECONNECT_MS = 1_000;

const HELP = `Usage: stockgrid tail [options]

Prints every stock event as it happens, until Ctrl-C. When the connection breaks it goes on after the last event seen.

Options
  --sku <sku>       only this SKU
  --location <id>   only this location
  --type <type>     only this type: held, released, expired, confirmed, fulfilled, received, sold, returned, adjusted,
                    counted, damaged, transferred-out, transferred-in, oversold, shipped, picked, packed, put-away,
                    voided, count-voided, void-pending, return-pending
  --since <id>      go on after this event id, as printed with --json (field id of the line)
${CONNECTION_HELP}
Examples
  stockgrid tail
  stockgrid tail --location uk-dc --type sold
  stockgrid tail --json | jq .event.data.record.available

With --json each line is {"id": resumes after it, "event": the CloudEvent}.
Exit status: 0 ended by Ctrl-C, 1 refused or no answer, 2 wrong usage.
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  sku: { type: "string" },
  location: { type: "string" },
  type: { type: "string" },
  since: { type: "string" },
} as const;

export const tail: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  if (positionals.length > 0) throw new UsageError("filters are given as --sku, --location and --type");
  const query = new URLSearchParams();
  for (const name of ["sku", "location", "type"] as const) if (values[name] !== undefined) query.set(name, values[name]);
  const print = values.json ? printJson : printLine;
  await follow(connect(values, context), `/v1/events?${query}`, values.since, print, context);
  return EXIT_DONE;
};

type Print = (id: string, data: string, terminal: Terminal) => void;

/** Where a tail stands. */
interface Position {
  /** Id of the last event seen. */
  last: string | undefined;
  connected: boolean;
}

/** Ends when interrupted. The first connection must succeed; later ones are tried again for ever. */
async function follow(
  connection: Connection,
  path: string,
  since: string | undefined,
  print: Print,
  context: CommandContext,
): Promise<void> {
  const position: Position = { last: since, connected: false };
  while (!context.interrupted.aborted) {
    try {
      await session(connection, path, position, print, context);
    } catch (error) {
      if (context.interrupted.aborted) return;
      if (error instanceof CommandFailed) throw error;
      if (!position.connected) throw new CommandFailed(`${connection.url} does not answer: ${reasonOf(error)}`);
      context.terminal.error(`connection lost (${reasonOf(error)}), trying again\n`);
    }
    await delay(RECONNECT_MS, undefined, { signal: context.interrupted }).catch(() => undefined);
  }
}

async function session(
  connection: Connection,
  path: string,
  position: Position,
  print: Print,
  context: CommandContext,
): Promise<void> {
  const resume: Record<string, string> = position.last === undefined ? {} : { "last-event-id": position.last };
  const response = await connection.stream(path, resume, context.interrupted);
  if (!response.ok || response.body === null) throw await refusal(response);
  position.connected = true;
  for await (const event of serverSentEvents(response.body)) {
    print(event.id, event.data, context.terminal);
    if (event.id !== "") position.last = event.id;
  }
}

async function refusal(response: Response): Promise<Error> {
  const body: unknown = await response.json().catch(() => undefined);
  const text = problemText({ status: response.status, body, retryAfterMs: undefined });
  // A node that is starting again answers 503 for a while.
  return response.status === 503 ? new Error(text) : new CommandFailed(text);
}

function printJson(id: string, data: string, terminal: Terminal): void {
  terminal.out(`${JSON.stringify({ id, event: JSON.parse(data) as unknown })}\n`);
}

function printLine(_id: string, data: string, terminal: Terminal): void {
  const event = asRecord(JSON.parse(data));
  const { sku, location, version, change, record } = asRecord(event["data"]);
  const type = String(event["type"]).split(".").at(-2) ?? "";
  const moved = Object.entries(asRecord(change)).map(
    ([level, units]) => `${level} ${Number(units) > 0 ? "+" : ""}${String(units)}`,
  );
  const left = `available ${String(asRecord(record)["available"])}`;
  const where = paint(terminal, "bold", `${String(sku)} at ${String(location)}`);
  terminal.out(`${String(event["time"])}  ${type.padEnd(9)} ${where}  ${moved.join(", ")}  ${left}  v${String(version)}\n`);
}
