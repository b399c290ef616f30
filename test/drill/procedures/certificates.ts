/** Certificates and keys of a cluster with accounts. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Procedure, plain, type Step } from "../procedure.ts";
import { servedCertificate } from "../served-certificate.ts";
import type { Stage } from "../stage.ts";

const MAKE = "npm run cluster:nats -- --for local --out data/cluster/secure";

/** `last` is checked when the last server has read its files. */
function reloads(last: (stage: Stage) => Promise<void>): Step[] {
  return [
    plain("npm run cluster -- reload nats-1"),
    plain("npm run cluster -- reload nats-2"),
    { command: "npm run cluster -- reload nats-3", after: last },
  ];
}

const certificates = new WeakMap<Stage, readonly string[]>();
const oldKeys = new WeakMap<Stage, string>();

function served(stage: Stage): Promise<string[]> {
  return Promise.all((stage.session.cluster()?.nats ?? []).map(({ ports: [port] }) => servedCertificate(port)));
}

async function isNew(stage: Stage): Promise<void> {
  const before = certificates.get(stage) ?? [];
  await stage.until("every server shows its new certificate", async () =>
    (await served(stage)).every((certificate, index) => certificate !== before[index]),
  );
  await stage.standbys();
}

function seedPath(stage: Stage, user: string): string {
  return join(stage.session.clusterFolder, `secure/users/${user}.nk`);
}

const rememberKey =
  (user: string) =>
  async (stage: Stage): Promise<void> => {
    oldKeys.set(stage, await readFile(seedPath(stage, user), "utf8"));
  };

const refused =
  (user: string) =>
  async (stage: Stage): Promise<void> => {
    await stage.until(`the old key of ${user} is refused`, async () => !(await stage.lets(user, oldKeys.get(stage))));
    await stage.until(`the new key of ${user} is accepted`, () => stage.lets(user, undefined));
    await stage.standbys();
    await stage.answersGoOn();
  };

export const certificatesAndKeys: Procedure = {
  heading: "Certificates and keys",
  checks: "servers show new certificates, old keys are refused and new ones accepted; no request fails",
  on: "cluster",
  load: true,
  prepare: async (stage) => {
    certificates.set(stage, await served(stage));
  },
  steps: [
    plain(MAKE),
    ...reloads(isNew),
    { command: "rm data/cluster/secure/users/client.nk", before: rememberKey("client") },
    plain(MAKE),
    ...reloads(refused("client")),
    { command: "rm data/cluster/secure/users/grid.nk", before: rememberKey("grid") },
    plain(MAKE),
    ...reloads(refused("grid")),
  ],
  outageMsMax: 60_000,
};
