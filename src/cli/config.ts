/** `stockgrid config`: the effective settings, and where each came from. */

import { resolveSettings, settingRows, settingsProblemText } from "../config/index.ts";
import { type Command, EXIT_DONE, EXIT_USAGE } from "./command.ts";
import { columns, paint } from "./terminal.ts";

const HELP = `Usage: stockgrid config [settings] [--json]

Prints what \`stockgrid serve\` with the same words would run with, and where each value came from.
A flag wins over an environment variable, that over the file, that over the default. Secrets are not shown.
The file is JSON: --config <path>, else $STOCKGRID_CONFIG, else ./stockgrid.json where there is one.

Examples
  stockgrid config
  STOCKGRID_HTTP_PORT=9000 stockgrid config --data-dir /var/lib/stockgrid
  stockgrid config --json

Exit status: 0 the settings are valid, 2 they are not.
`;

export const config: Command = async ({ argv, env, cwd, terminal }) => {
  if (argv.includes("--help") || argv.includes("-h")) {
    terminal.out(HELP);
    return EXIT_DONE;
  }
  const resolved = resolveSettings({ argv: argv.filter((word) => word !== "--json"), env, cwd });
  if (!("settings" in resolved)) {
    for (const problem of resolved) terminal.error(`${settingsProblemText(problem)}\n`);
    return EXIT_USAGE;
  }
  const rows = settingRows(resolved);
  if (argv.includes("--json")) terminal.out(`${JSON.stringify(rows, null, 2)}\n`);
  else
    terminal.out(
      columns([
        ["setting", "value", "from"],
        ...rows.map((row) => [row.variable, row.value || "(empty)", row.where || row.origin]),
      ]),
    );
  if (terminal.interactive) terminal.error(`${paint(terminal, "dim", "stockgrid serve --help explains each setting.")}\n`);
  return EXIT_DONE;
};
