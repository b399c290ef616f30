/** `stockgrid deadletter`: events that could not be read or applied, listed, shown, tried again, dropped. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  type Command,
  type CommandContext,
  CommandFailed,
  EXIT_DONE,
  EXIT_FAILED,
  readOptions,
  reasonOf,
  UsageError,
  wholeNumberOf,
} from "./command.ts";
import { asList, asRecord, CONNECTION_HELP, CONNECTION_OPTIONS, type Connection, connect, problemText } from "./connection.ts";
import { columns } from "./terminal.ts";

const HELP = `Usage: stockgrid deadletter list [--source <source>] [--limit <count>]
       stockgrid deadletter show <number>
       stockgrid deadletter replay <number>... [--body <file>]
       stockgrid deadletter replay --all [--source <source>]
       stockgrid deadletter drop <number>...

Events that could not be read or applied are kept for 30 days, with the reason.

  list      oldest first
  show      one, with its body as it came
  replay    tries them again: as they are, say after an alias or a location was put, or one with a mended body from a file.
            What is applied or accepted goes from the list; the rest stays, with the new reason told
  drop      removes them for good

Options
  --source <source>  only those of pos, ecommerce, wms, rfid, supplier or returns
  --limit <count>    with list: at most so many, 1 to 100000 (100)
  --body <file>      with replay of one: the event to send instead, - for standard input
  --all              with replay: all of them
${CONNECTION_HELP}
The API key needs the scope admin.

Examples
  stockgrid deadletter list --source pos
  stockgrid deadletter show 12 --json | jq -r .body > event.json
  stockgrid deadletter replay 12 --body event.json
  stockgrid deadletter replay --all --source rfid

Exit status: 0 done, 1 no answer or some stay, 2 wrong usage.
`;

const OPTIONS = {
  ...CONNECTION_OPTIONS,
  source: { type: "string" },
  limit: { type: "string", default: "100" },
  body: { type: "string" },
  all: { type: "boolean", default: false },
} as const;

const LIMIT_MAX = 100_000;
const PAGE = 1_000;
const STANDARD_INPUT = 0;

type Values = ReturnType<typeof readOptions<typeof OPTIONS>>["values"];

export const deadletter: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  const [verb, ...words] = positionals;
  const numbers = words.map((word) => wholeNumberOf(word, "the number", 1, Number.MAX_SAFE_INTEGER));
  const limit = wholeNumberOf(values.limit, "--limit", 1, LIMIT_MAX);
  switch (verb) {
    case "list":
      if (words.length > 0) throw new UsageError("list takes no number");
      return list(connect(values, context), values, limit, context);
    case "show":
      if (numbers.length !== 1)
        throw new UsageError("name the number of one dead letter; `stockgrid deadletter list` shows them");
      return show(connect(values, context), numbers[0] as number, values, context);
    case "replay":
      return replay(numbers, values, context);
    case "drop":
      return drop(numbers, values, context);
    default:
      throw new UsageError("say one of: list, show <number>, replay <number>, drop <number>");
  }
};

type Letter = Readonly<Record<string, unknown>>;

/** Pages of all letters, oldest first, of one source when one is named. */
async function* letters(connection: Connection, source: string | undefined, stop: AbortSignal): AsyncGenerator<Letter> {
  let after: unknown;
  do {
    const query = after === undefined ? "" : `&after=${encodeURIComponent(String(after))}`;
    const page = asRecord(await connection.ask("GET", `/v1/deadletters?limit=${PAGE}${query}`, undefined, {}, stop));
    for (const letter of asList(page["items"]).map(asRecord)) {
      if (source === undefined || letter["source"] === source) yield letter;
    }
    after = page["next"];
  } while (after !== undefined);
}

async function list(
  connection: Connection,
  values: Values,
  limit: number,
  { terminal, interrupted }: CommandContext,
): Promise<number> {
  const found: Letter[] = [];
  for await (const letter of letters(connection, values.source, interrupted)) {
    found.push(letter);
    if (found.length === limit) break;
  }
  if (values.json) terminal.out(`${JSON.stringify(found)}\n`);
  else if (found.length === 0) terminal.out("no dead letters\n");
  else terminal.out(columns([["number", "at", "source", "location", "reason"], ...found.map(rowOf)]));
  return EXIT_DONE;
}

const rowOf = (letter: Letter): string[] => [
  ...["seq", "at", "source"].map((name) => String(letter[name])),
  String(letter["location"] ?? "-"),
  `${String(letter["path"])} ${String(letter["reason"])}`.trim(),
];

async function show(
  connection: Connection,
  seq: number,
  values: Values,
  { terminal, interrupted }: CommandContext,
): Promise<number> {
  const letter = asRecord(await connection.ask("GET", `/v1/deadletters/${seq}`, undefined, {}, interrupted));
  if (values.json) {
    terminal.out(`${JSON.stringify(letter)}\n`);
    return EXIT_DONE;
  }
  const { body, bodyBase64, ...rest } = letter;
  const rows = Object.entries(rest).map(([name, value]) => [name, String(value)]);
  terminal.out(`${columns(rows)}\n${String(body ?? `${String(bodyBase64)} (base64)`)}\n`);
  return EXIT_DONE;
}

async function replay(given: readonly number[], values: Values, context: CommandContext): Promise<number> {
  if (values.all === given.length > 0) throw new UsageError("name the numbers to replay, or --all");
  if (values.body !== undefined && given.length !== 1) throw new UsageError("--body goes with one number");
  const body = values.body === undefined ? undefined : bodyOf(values.body, context.cwd);
  const connection = connect(values, context);
  const numbers = [...given];
  if (values.all)
    for await (const letter of letters(connection, values.source, context.interrupted)) numbers.push(Number(letter["seq"]));
  let stay = 0;
  for (const seq of numbers) {
    const answer = asRecord(await connection.ask("POST", `/v1/deadletters/${seq}/replay`, body, {}, context.interrupted));
    const results = asList(answer["results"]).map(asRecord);
    const refused = results.find(({ status }) => status === "rejected");
    if (refused !== undefined) stay++;
    context.terminal.out(values.json ? `${JSON.stringify({ seq, results })}\n` : `${seq}  ${wordsOf(results, refused)}\n`);
  }
  if (!values.json && stay > 0) context.terminal.error(`${stay} of ${numbers.length} stay\n`);
  return stay === 0 ? EXIT_DONE : EXIT_FAILED;
}

function wordsOf(results: readonly Letter[], refused: Letter | undefined): string {
  if (refused !== undefined) return `stays: ${problemText({ status: 400, body: refused["problem"], retryAfterMs: undefined })}`;
  return results
    .map((result) => `${String(result["status"])}${result["why"] === undefined ? "" : ` (${String(result["why"])})`}`)
    .join(", ");
}

function bodyOf(file: string, cwd: string): unknown {
  try {
    return JSON.parse(readFileSync(file === "-" ? STANDARD_INPUT : resolve(cwd, file), "utf8"));
  } catch (error) {
    throw new CommandFailed(`${file} cannot be read as JSON: ${reasonOf(error)}`);
  }
}

async function drop(numbers: readonly number[], values: Values, context: CommandContext): Promise<number> {
  if (numbers.length === 0) throw new UsageError("name the numbers to drop");
  const connection = connect(values, context);
  for (const seq of numbers) {
    const letter = asRecord(await connection.ask("DELETE", `/v1/deadletters/${seq}`, undefined, {}, context.interrupted));
    context.terminal.out(values.json ? `${JSON.stringify(letter)}\n` : `${seq}  dropped\n`);
  }
  return EXIT_DONE;
}
