/**
 * A nats-server that belongs to one node: started or taken on with it, restarted when it dies, ended with it.
 *
 * I1. One node per data folder, and one server per node (see data-lock.ts).
 * I2. The address does not change while the node lives, so that clients simply reconnect after a restart.
 * I3. The server ends with its node when that ends in any way but a kill -9; after one, the next start takes it on (adopt.ts).
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Log } from "../ports/index.ts";
import { adoptOrEnd } from "./adopt.ts";
import { lockDataFolder } from "./data-lock.ts";
import { findNatsServer } from "./find-nats-server.ts";
import { choosePort } from "./free-port.ts";
import { probe } from "./probe.ts";
import { HOST, lastPort, lastWordsOf, type ServerFiles, serverFiles, writeConfig } from "./server-files.ts";
import { ServerProcess } from "./server-process.ts";

/** A server that recovers large streams answers late. */
const READY_MS_MAX = 120_000;
const LOOK_EVERY_MS = 20;
/** Another program may take the port between our look and the server's. */
const START_ATTEMPTS_MAX = 3;
const RESTART_PAUSE_MS_MIN = 100;
const RESTART_PAUSE_MS_MAX = 5_000;
/** A server that lived this long has recovered, and its next death is a first one. */
const STEADY_MS = 60_000;

export interface EmbeddedNatsOptions {
  /** The node's data folder; the server's files go into `nats` under it. */
  readonly dataDir: string;
  readonly log: Log;
  /** The binary; default: `findNatsServer`. */
  readonly binary?: string;
  /** A fixed port; default: the one of the last start when free, else one that the system gives. */
  readonly port?: number;
  /** Called each time the server died and answers again at the same address. */
  readonly onRestart?: (pid: number) => void;
}

export interface EmbeddedNats {
  /** `nats://127.0.0.1:port`; the same for as long as the node lives. */
  readonly url: string;
  /** The process that serves now; another one after a restart. */
  readonly pid: number;
  /** Whether it was running already, left by a node that was killed. */
  readonly adopted: boolean;
  /** Ends the server and gives the data folder free. May be called more than once. */
  stop(): Promise<void>;
}

/** The server does not come up. `message` ends with what it said. */
export class EmbeddedNatsFailed extends Error {
  override readonly name = "EmbeddedNatsFailed";
}

/**
 * Starts the server of a data folder, or takes on the running one.
 * @throws DataFolderBusy, NatsServerMissing, EmbeddedNatsFailed
 */
export async function startEmbeddedNats(options: EmbeddedNatsOptions): Promise<EmbeddedNats> {
  const files = serverFiles(options.dataDir);
  const unlock = lockDataFolder(files.lockFile);
  try {
    const binary = options.binary ?? (await findNatsServer({ log: options.log }));
    const adopted = await adoptOrEnd(files, options.log, options.port);
    const running = adopted ?? (await startFresh(binary, files, options));
    return new Supervisor({ binary, files, options, unlock, running, adopted: adopted !== undefined });
  } catch (error) {
    unlock();
    throw error;
  }
}

interface Running {
  readonly process: ServerProcess;
  readonly port: number;
}

async function startFresh(binary: string, files: ServerFiles, options: EmbeddedNatsOptions): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await choosePort(attempt === 1 ? lastPort(files) : undefined));
    writeConfig(files, port);
    try {
      const process = await startAndWait(binary, files, port);
      options.log.info({ pid: process.pid, port }, "nats-server started");
      return { process, port };
    } catch (error) {
      if (attempt >= START_ATTEMPTS_MAX || options.port !== undefined) throw error;
      options.log.warn({ err: error, port }, "nats-server did not start; trying another port");
    }
  }
}

/** Resolves when the server answers as ours. @throws EmbeddedNatsFailed when it ends first or takes too long. */
async function startAndWait(binary: string, files: ServerFiles, port: number, stop?: AbortSignal): Promise<ServerProcess> {
  const process = await ServerProcess.spawn(binary, files);
  const deadline = Date.now() + READY_MS_MAX;
  while (process.alive && stop?.aborted !== true && Date.now() < deadline) {
    const info = await probe(port);
    if (info?.server_name === files.serverName && info.jetstream === true) return process;
    await pause(LOOK_EVERY_MS);
  }
  await process.end();
  throw new EmbeddedNatsFailed(`nats-server (${binary}) does not answer on port ${port}:\n${lastWordsOf(files)}`);
}

interface Supervised {
  readonly binary: string;
  readonly files: ServerFiles;
  readonly options: EmbeddedNatsOptions;
  readonly unlock: () => void;
  readonly running: Running;
  readonly adopted: boolean;
}

/** Keeps the server running until it is told to stop. */
class Supervisor implements EmbeddedNats {
  readonly url: string;
  readonly adopted: boolean;
  readonly #with: Supervised;
  readonly #stopping = new AbortController();
  readonly #watching: Promise<void>;
  #process: ServerProcess;
  #stopped: Promise<void> | undefined;

  constructor(supervised: Supervised) {
    this.#with = supervised;
    this.url = `nats://${HOST}:${supervised.running.port}`;
    this.adopted = supervised.adopted;
    this.#process = supervised.running.process;
    process.once("exit", this.#endWithNode);
    this.#watching = this.#watch();
  }

  get pid(): number {
    return this.#process.pid;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#process.end();
    await this.#watching;
    // A restart may have been under way, and made another process meanwhile.
    await this.#process.end();
    process.off("exit", this.#endWithNode);
    this.#with.unlock();
  }

  /** The last chance of a node that ends without `stop`: nothing here can wait. */
  readonly #endWithNode = (): void => {
    this.#process.signal("SIGTERM");
    this.#with.unlock();
  };

  async #watch(): Promise<void> {
    let pauseMs = RESTART_PAUSE_MS_MIN;
    while (!this.#stopping.signal.aborted) {
      const since = Date.now();
      await this.#process.ended;
      if (this.#stopping.signal.aborted) return;
      if (Date.now() - since > STEADY_MS) pauseMs = RESTART_PAUSE_MS_MIN;
      this.#with.options.log.error({ pid: this.pid, pauseMs }, "nats-server died; starting it again");
      await pause(pauseMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(ignoreAbort);
      pauseMs = Math.min(pauseMs * 2, RESTART_PAUSE_MS_MAX);
      await this.#restart();
    }
  }

  /** One attempt; the watch makes the next, since a process that did not come up has ended. */
  async #restart(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { binary, files, options, running } = this.#with;
    try {
      this.#process = await startAndWait(binary, files, running.port, this.#stopping.signal);
      options.log.warn({ pid: this.pid, port: running.port }, "nats-server answers again");
      options.onRestart?.(this.pid);
    } catch (error) {
      if (!this.#stopping.signal.aborted) options.log.error({ err: error }, "nats-server did not start again");
    }
  }
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== "AbortError") throw error;
}
