/** Runs a local cluster until Ctrl-C; a second one kills what is left. */

import { AlreadyRunning, clusterFilePath, type Ending, LocalCluster, UnsuitableFolder } from "../../cluster/local/index.ts";
import { paint, processTerminal, type Terminal } from "../../src/cli/terminal.ts";
import { type Control, openControl } from "./control.ts";
import type { ClusterWords } from "./options.ts";
import { table } from "./table.ts";

const EXIT_FAILED = 1;
const EXIT_KILLED = 130;

export async function runCluster(words: ClusterWords): Promise<number> {
  const terminal = processTerminal(process.env);
  const interrupted = interruption();
  const { help: _help, words: _words, data, ...options } = words;
  const onEnd = (name: string, ending: Ending): void => tellEnd(terminal, name, ending);
  let cluster: LocalCluster;
  try {
    cluster = await LocalCluster.create({ ...options, folder: data, onEnd });
  } catch (error) {
    if (!(error instanceof AlreadyRunning || error instanceof UnsuitableFolder)) throw error;
    terminal.error(`npm run cluster: ${error.message}\n`);
    return EXIT_FAILED;
  }
  const control = await openControl(cluster);
  cluster.setControlUrl(control.url);
  try {
    return await serve(cluster, terminal, interrupted);
  } finally {
    await end(cluster, control, terminal);
  }
}

async function serve(cluster: LocalCluster, terminal: Terminal, interrupted: Promise<void>): Promise<number> {
  const started = (async () => {
    terminal.error(`starting ${cluster.nats.length} NATS servers ...\n`);
    await cluster.startNats();
    terminal.error(`starting ${cluster.nodes.length} nodes ...\n`);
    await cluster.startNodes();
    return "ready" as const;
  })();
  const outcome = await Promise.race([started, interrupted]).catch((error: unknown) => error);
  if (outcome === "ready") {
    terminal.out(banner(cluster, terminal));
    await interrupted;
    return 0;
  }
  void started.catch(() => undefined);
  if (outcome === undefined) return 0;
  terminal.error(`npm run cluster: ${outcome instanceof Error ? outcome.message : String(outcome)}\n`);
  return EXIT_FAILED;
}

async function end(cluster: LocalCluster, control: Control, terminal: Terminal): Promise<void> {
  terminal.error("stopping: node after node, then NATS; Ctrl-C again kills them\n");
  await control.close();
  cluster.setControlUrl("");
  await cluster.stop((name) => terminal.error(`  ${name} stopped\n`));
}

function tellEnd(terminal: Terminal, name: string, { code, signal, unexpected }: Ending): void {
  if (!unexpected) return;
  const how = signal === null ? `with status ${code}` : `by ${signal}`;
  terminal.error(`${paint(terminal, "red", `${name} ended ${how}`)}; npm run cluster -- start ${name}\n`);
}

function banner(cluster: LocalCluster, terminal: Terminal): string {
  const { nats, nodes, secure } = cluster.describe();
  const [first] = nodes;
  const access = secure ? `users and certificates in ${cluster.folder}/secure` : "open, on this machine only";
  return `${paint(terminal, "green", "The cluster is ready")}
${table(nats, nodes)}
  access  ${access}
  file    ${clusterFilePath(cluster.folder)}

Reserve something, with one node or another:
  node scripts/stockgrid.mjs import sample/balances.csv --data-dir ${first?.dataDir ?? cluster.folder}
  node scripts/stockgrid.mjs reserve 85123A uk-dc 2 --data-dir ${nodes.at(-1)?.dataDir ?? cluster.folder}
Break something, from a second terminal: npm run cluster -- --help
Ctrl-C stops the cluster.
`;
}

/** Resolves at the first Ctrl-C or SIGTERM; the second ends this process, and what it started with it. */
function interruption(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let asked = false;
  const ask = (): void => {
    if (asked) process.exit(EXIT_KILLED);
    asked = true;
    resolve();
  };
  process.on("SIGINT", ask);
  process.on("SIGTERM", ask);
  return promise;
}
