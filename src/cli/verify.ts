/** `stockgrid verify`: does the journal, folded, say the same as the store and the live records? */

import { CorruptData } from "../base/index.ts";
import { loadSettings, type Settings, settingsProblemText } from "../config/index.ts";
import { type Command, type CommandContext, CommandFailed, EXIT_DONE, EXIT_FAILED, readOptions, UsageError } from "./command.ts";
import { Connection } from "./connection.ts";
import { GRID_OPTIONS } from "./grid-nats.ts";
import { paint, type Terminal } from "./terminal.ts";
import { type VerifyOptions, type VerifyReport, verifyMember } from "./verify-member.ts";
import { type DataFolder, openDataFolder } from "./verify-world.ts";

const HELP = `Usage: stockgrid verify [options]

For each member of a data folder: reads its journal lane as far as it is kept, folds it with the functions that run live, and compares:
  - each journal record with the one before it, each event with the levels it should lead to
  - the snapshot in LMDB with the fold at the same position, every value with its checksum, what records hold with
    what reservations hold, movement ids with the movements
  - the live records of the node, when one runs on the data folder
Shards that a member only stands by for are held through the lane of another: their values and sums are checked, but they are compared
with no journal here. Verify the data folder of their owner. Locations are kept in NATS, and not checked.
Nothing is written. Without a node its embedded NATS server is started for the time of the check.

Options
  --data-dir <dir>      the data folder of the node (./data)
  --config <path>, --nats-url, --nats-creds, --nats-user, --nats-password, --nats-ca, --nats-cert, --nats-key, --nats-server,
  --cluster, --node-id, --shards, --movement-retention-hours
                        as for \`stockgrid serve\`, where the node was given them
  --api-key <key>       to ask the running node; default: $STOCKGRID_API_KEY
  --json                machine-readable output
  --help                this text

Examples
  stockgrid verify
  stockgrid verify --data-dir /var/lib/stockgrid --json

Exit status: 0 all agree, 1 differences, damage, or nothing to verify, 2 wrong usage.
`;

const SETTINGS = {
  ...GRID_OPTIONS,
  "node-id": { type: "string" },
  shards: { type: "string" },
  "movement-retention-hours": { type: "string" },
} as const;

const OPTIONS = { ...SETTINGS, "api-key": { type: "string" }, json: { type: "boolean", default: false } } as const;

const HOUR_MS = 3_600_000;

export const verify: Command = async (context) => {
  const { values, positionals } = readOptions(context.argv, OPTIONS);
  if (values.help) {
    context.terminal.out(HELP);
    return EXIT_DONE;
  }
  if (positionals.length > 0) throw new UsageError(`${JSON.stringify(positionals[0])} is not an option`);
  const given = (Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]).flatMap((name) =>
    values[name] === undefined ? [] : [`--${name}`, values[name]],
  );
  const report = await verified(settingsOf(given, context), values["api-key"], context);
  context.terminal.out(values.json ? `${JSON.stringify(report)}\n` : reportText(report, context.terminal));
  return report.differences.count > 0 ? EXIT_FAILED : EXIT_DONE;
};

function settingsOf(argv: readonly string[], { env, cwd }: CommandContext): Settings {
  const settings = loadSettings({ argv, env, cwd });
  if ("httpPort" in settings) return settings;
  throw new UsageError(settings.map(settingsProblemText).join("\n"));
}

/** All members together; `members` has each. */
interface FolderReport extends Pick<VerifyReport, "differences" | "live"> {
  readonly members: readonly VerifyReport[];
}

async function verified(
  settings: Settings,
  apiKey: string | undefined,
  { env, interrupted }: CommandContext,
): Promise<FolderReport> {
  const folder = await openDataFolder(settings);
  const { httpUrl } = folder;
  const connection = httpUrl === undefined ? undefined : new Connection(httpUrl, apiKey ?? env["STOCKGRID_API_KEY"]);
  const options = {
    shards: settings.shards,
    movementRetentionMs: settings.movementRetentionHours * HOUR_MS,
    connection,
    stop: interrupted,
  };
  try {
    const members: VerifyReport[] = [];
    for (const member of folder.members) members.push(await verifiedMember(folder, member, options));
    return { ...together(members), members };
  } catch (error) {
    if (error instanceof CorruptData) throw new CommandFailed(`damaged: ${error.message}`);
    throw error;
  } finally {
    await folder.close();
  }
}

async function verifiedMember(folder: DataFolder, member: number, options: VerifyOptions): Promise<VerifyReport> {
  const world = await folder.open(member);
  try {
    return await verifyMember(world, options);
  } finally {
    await world.close();
  }
}

function together(members: readonly VerifyReport[]): Pick<VerifyReport, "differences" | "live"> {
  const lives = members.flatMap(({ live }) => (live === undefined ? [] : [live]));
  const sum = (of: (live: (typeof lives)[number]) => number): number => lives.reduce((total, live) => total + of(live), 0);
  return {
    live: lives.length === 0 ? undefined : { compared: sum((live) => live.compared), movedOn: sum((live) => live.movedOn) },
    differences: {
      count: members.reduce((total, { differences }) => total + differences.count, 0),
      first: members.flatMap(({ differences }) => differences.first),
    },
  };
}

function reportText({ members, live, differences }: FolderReport, terminal: Terminal): string {
  const lines = [
    ...members.flatMap(memberLines),
    live === undefined
      ? "live      no node runs on this folder"
      : `live      ${live.compared} records compared, ${live.movedOn} changed meanwhile`,
    ...differences.first.map((difference) => paint(terminal, "red", `differs   ${difference}`)),
    differences.count === 0 ? paint(terminal, "green", "all agree") : `${differences.count} differences`,
  ];
  return `${lines.join("\n")}\n`;
}

function memberLines({ lane, first, last, events, checkpoint, shards, snapshot }: VerifyReport): string[] {
  const followed = shards.held - shards.own;
  const { records, reservations, movements } = snapshot;
  return [
    `journal   ${last - first + 1} records (${first} to ${last}) of lane ${lane}, ${events} events`,
    `snapshot  at record ${checkpoint}, ${shards.own} shards: ${records} stock records, ${reservations} reservations, ${movements} movement ids`,
    ...(followed === 0 ? [] : [`followed  ${followed} more shards, of other lanes: not compared with a journal`]),
  ];
}
