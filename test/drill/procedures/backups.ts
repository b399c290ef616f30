/** Backup, restore and resharding of a cluster. */

import { type Procedure, plain } from "../procedure.ts";
import type { Snapshot } from "../snapshot.ts";
import type { Stage } from "../stage.ts";

const NATS = "--nats-url tls://nats-1:4222 --nats-creds users/operator.nk --nats-ca ca.pem";
const BACKUP =
  "stockgrid backup --out /backups/grid-$(date +%F-%H%M) --nats-url tls://nats-1:4222,tls://nats-2:4222 --nats-creds users/operator.nk --nats-ca ca.pem";
const NODES = ["node-1", "node-2", "node-3"];
const stops = NODES.map((name) => plain(`npm run cluster -- stop ${name}`));
const starts = NODES.map((name) => plain(`npm run cluster -- start ${name}`));

/** So that reservations in every state are there. */
const ANSWERS_BEFORE = 150;
/** Of what was there when the backup was taken. */
const remembered = new WeakMap<Stage, Snapshot>();

async function remember(stage: Stage): Promise<void> {
  await stage.startLoad();
  await stage.answersGoOn(ANSWERS_BEFORE);
  await stage.endLoad();
  remembered.set(stage, await stage.snapshot());
}

async function mustBeAsRemembered(stage: Stage): Promise<void> {
  await stage.standbys();
  stage.say("comparing with what was there before");
  await remembered.get(stage)?.mustBeSo();
}

/** Afterwards the grid works: a new load, whose books are right. */
async function worksOn(stage: Stage): Promise<void> {
  await stage.startLoad();
  await stage.everyShardWrites();
  await stage.endLoad();
}

async function backedUp(stage: Stage): Promise<void> {
  await remember(stage);
  await stage.session.run(BACKUP);
}

export const backup: Procedure = {
  heading: "Backup and restore",
  checks: "a backup under load; no request fails",
  on: "cluster",
  load: true,
  steps: [plain(BACKUP)],
};

export const restoreIntoNew: Procedure = {
  heading: "Restore into a new cluster",
  checks: "stock and reservations are those of the backup, and the grid goes on from there",
  on: "cluster",
  load: false,
  prepare: backedUp,
  steps: [
    { command: "npm run cluster -- --secure --cluster default --fresh --nodes 0", before: (stage) => stage.session.powerCut() },
    plain(`stockgrid restore --from /backups/grid-2026-03-01-0200 ${NATS} --replicas 3`),
    plain("npm run cluster -- add"),
    plain("npm run cluster -- add"),
    { command: "npm run cluster -- add", after: mustBeAsRemembered },
  ],
  finish: worksOn,
};

export const restoreOver: Procedure = {
  heading: "Restore over the cluster itself",
  checks: "stock and reservations are those of the backup, later ones are gone, the stores of before are kept",
  on: "cluster",
  load: false,
  prepare: async (stage) => {
    await backedUp(stage);
    const before = remembered.get(stage);
    await stage.startLoad();
    await stage.endLoad();
    lost.set(stage, await stage.snapshot());
    await before?.mustBeSo();
  },
  steps: [
    ...stops,
    plain(`stockgrid restore --from /backups/grid-2026-03-01-0200 --replace default ${NATS} --replicas 3`),
    ...starts,
    {
      command: "stockgrid cluster status",
      after: async (stage) => {
        await mustBeAsRemembered(stage);
        if (((await lost.get(stage)?.changed()) ?? 0) === 0) throw new Error("what came after the backup is still there");
        for (const node of NODES) {
          await stage.session.run(`stockgrid verify --data-dir data/cluster/${node} ${verifyAs(node)}`);
          await stage.hasStoreOfBefore(node);
        }
      },
    },
  ],
  finish: worksOn,
};

/** What came after the backup. */
const lost = new WeakMap<Stage, Snapshot>();

/** The settings that the node was started with, as `stockgrid verify --help` asks for. */
function verifyAs(node: string): string {
  return `--cluster default --node-id ${node} ${NATS}`;
}

export const reshard: Procedure = {
  heading: "Changing the number of shards",
  checks: "nothing is lost with 512 shards, nor with 256 again",
  on: "cluster",
  load: false,
  prepare: remember,
  steps: [
    plain(`stockgrid backup --out /backups/before-reshard ${NATS}`),
    ...stops,
    plain(`stockgrid reshard --shards 512 --from /backups/before-reshard --replace default ${NATS} --replicas 3`),
    plain("npm run cluster -- set STOCKGRID_SHARDS=512"),
    plain("npm run cluster -- start node-1"),
    plain("npm run cluster -- start node-2"),
    {
      command: "npm run cluster -- start node-3",
      after: async (stage) => {
        stage.reshardedTo(512);
        await mustBeAsRemembered(stage);
      },
    },
    ...stops,
    plain(`stockgrid restore --from /backups/before-reshard --replace default ${NATS} --replicas 3`),
    plain("npm run cluster -- set STOCKGRID_SHARDS=256"),
    plain("npm run cluster -- start node-1"),
    plain("npm run cluster -- start node-2"),
    {
      command: "npm run cluster -- start node-3",
      after: async (stage) => {
        stage.reshardedTo(256);
        await mustBeAsRemembered(stage);
      },
    },
  ],
  finish: worksOn,
};
