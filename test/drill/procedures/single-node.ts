/** One node with its embedded NATS server. */

import { type Procedure, plain, type Step } from "../procedure.ts";
import { nodeJson } from "../session.ts";
import type { Snapshot } from "../snapshot.ts";
import type { Stage } from "../stage.ts";

const STOP = `kill $(node -p 'require("./data/node.json").pid')`;
const stop: Step = { command: STOP, after: (stage) => stage.session.untilEnded() };
const serve: Step = {
  command: "stockgrid serve",
  after: async (stage) => {
    await stage.served();
    await stage.answersGoOn();
  },
};
const startFirst = (stage: Stage): Promise<void> => stage.session.run("stockgrid serve");

const kept = new WeakMap<Stage, Snapshot>();

export const singleBackup: Procedure = {
  heading: "Backup of a single node",
  checks: "backup while it runs; the copy of the folder brings back what was there when it was taken",
  on: "node",
  load: false,
  prepare: async (stage) => {
    await startFirst(stage);
    await stage.startLoad();
    await stage.endLoad();
    kept.set(stage, await stage.snapshot());
  },
  steps: [
    plain("stockgrid backup --out /backups/grid-1 --data-dir ./data"),
    stop,
    plain("cp -a data /backups/node-1"),
    plain("stockgrid verify"),
    {
      command: "stockgrid serve",
      after: async (stage) => {
        await stage.served();
        await kept.get(stage)?.mustBeSo();
        // What the second half throws away.
        await stage.startLoad();
        await stage.endLoad();
      },
    },
    stop,
    plain("rm -r data"),
    plain("cp -a /backups/node-1 data"),
    plain("stockgrid verify"),
    {
      command: "stockgrid serve",
      after: async (stage) => {
        await stage.served();
        await kept.get(stage)?.mustBeSo();
      },
    },
  ],
  finish: async (stage) => {
    await stage.startLoad();
    await stage.endLoad();
  },
};

export const singleUpgrade: Procedure = {
  heading: "Upgrade of a single node",
  checks: "what was acknowledged is there; clients that retry lose nothing",
  on: "node",
  load: true,
  prepare: startFirst,
  steps: [stop, serve],
  outageMsMax: 60_000,
};

export const rebuild: Procedure = {
  heading: "Rebuild after a kill",
  checks: "the node killed, then node and NATS server: what was acknowledged is there; clients that retry lose nothing",
  on: "node",
  load: true,
  prepare: startFirst,
  steps: [
    { command: `kill -9 $(node -p 'require("./data/node.json").pid')`, after: (stage) => stage.session.untilEnded() },
    serve,
    {
      command: `kill -9 $(node -p 'require("./data/node.json").pid') $(cat data/nats/nats-server.pid)`,
      after: (stage) => stage.session.untilEnded(),
    },
    {
      ...serve,
      after: async (stage) => {
        await serve.after?.(stage);
        stage.say(`node.json names process ${nodeJson(stage.session.dataDir)?.pid}`);
      },
    },
  ],
  outageMsMax: 60_000,
};
