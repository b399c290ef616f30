/** `stockgrid confirm`, `release`, `extend`, `fulfill`: moves a whole reservation on. */

import { type Command, type CommandContext, EXIT_DONE, readOptions, UsageError, wholeNumberOf } from "./command.ts";
import { CONNECTION_HELP, CONNECTION_OPTIONS, connect } from "./connection.ts";
import { reservationText } from "./reservation-text.ts";

type Transition = "confirm" | "release" | "extend" | "fulfill";

const TTL_SECONDS_MAX = 604_800;
const DOES: Readonly<Record<Transition, string>> = {
  confirm: "Turns what is held into allocated: it no longer expires.",
  release: "Gives back what is held and allocated. Releasing twice is fine.",
  extend: "Holds for --ttl seconds from now.",
  fulfill: "Shipped or picked up: what is allocated leaves the stock.",
};

export const confirm: Command = (context) => move("confirm", context);
export const release: Command = (context) => move("release", context);
export const extend: Command = (context) => move("extend", context);
export const fulfill: Command = (context) => move("fulfill", context);

async function move(transition: Transition, context: CommandContext): Promise<number> {
  const { values, positionals } = readOptions(context.argv, {
    ...CONNECTION_OPTIONS,
    ...(transition === "extend" ? { ttl: { type: "string", default: "900" } as const } : {}),
  });
  if (values.help) {
    context.terminal.out(help(transition));
    return EXIT_DONE;
  }
  const [id, ...rest] = positionals;
  if (id === undefined || rest.length > 0) throw new UsageError("name one reservation id");
  const ttl = "ttl" in values && typeof values.ttl === "string" ? values.ttl : undefined;
  const body = ttl === undefined ? {} : { ttlSeconds: wholeNumberOf(ttl, "--ttl", 1, TTL_SECONDS_MAX) };
  const path = `/v1/reservations/${encodeURIComponent(id)}/${transition}`;
  const answer = await connect(values, context).ask("POST", path, body, {}, context.interrupted);
  context.terminal.out(values.json ? `${JSON.stringify(answer)}\n` : reservationText(answer, context.terminal));
  return EXIT_DONE;
}

function help(transition: Transition): string {
  const ttl = transition === "extend" ? "  --ttl <seconds>   from now, 1 to 604800 (900)\n" : "";
  return `Usage: stockgrid ${transition} <reservation id> [options]

${DOES[transition]}

Options
${ttl}${CONNECTION_HELP}
Examples
  stockgrid ${transition} 5Z8D...${transition === "extend" ? " --ttl 300" : ""}

Exit status: 0 done, 1 refused, unknown reservation or no answer, 2 wrong usage.
`;
}
