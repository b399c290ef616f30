/**
 * `node cluster/nats/make-client-streams.ts`: makes what clients read from, once for a cluster, as the user `clients-operator`. Takes the
 * `STOCKGRID_NATS_...` settings of a node, and `STOCKGRID_REPLICAS` for the copies of these streams. Waits for the first node.
 */

import { loadSettings, settingsProblemText } from "../../src/config/index.ts";
import { connectNats, natsOptions } from "../../src/nats/index.ts";
import { ensureClientStreams } from "./client-streams.ts";

const ORIGIN_MS_MAX = 300_000;
const EXIT_USAGE = 2;

const settings = loadSettings({ argv: [], env: process.env, cwd: process.cwd() });
if ("httpPort" in settings) {
  const say = (_fields: object, message: string): boolean => process.stderr.write(`${message}\n`);
  const log = { info: say, warn: say, error: say };
  const connection = await connectNats({ ...natsOptions(settings), name: "stockgrid client streams", log });
  await ensureClientStreams(connection, settings.replicas, ORIGIN_MS_MAX);
  await connection.close();
  process.stdout.write("the streams of clients are there\n");
} else {
  for (const problem of settings) process.stderr.write(`${settingsProblemText(problem)}\n`);
  process.exitCode = EXIT_USAGE;
}
