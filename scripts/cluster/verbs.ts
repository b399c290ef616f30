/** What can be asked of a running local cluster, and how it is done. */

import type { LocalCluster } from "../../cluster/local/index.ts";

export const VERBS = ["status", "stop", "start", "restart", "kill", "freeze", "thaw", "add", "remove", "set", "reload"] as const;
export type Verb = (typeof VERBS)[number];

const WITHOUT_NAME: readonly Verb[] = ["status", "add"];

export function isVerb(word: string): word is Verb {
  return VERBS.some((verb) => verb === word);
}

/** What is wrong with the names given, if anything is. */
export function wrongNames(verb: Verb, names: readonly string[]): string | undefined {
  const wanted = WITHOUT_NAME.includes(verb) ? 0 : 1;
  if (names.length === wanted) return undefined;
  if (wanted === 0) return `${verb} takes no name`;
  return verb === "set"
    ? "set takes one setting, such as STOCKGRID_SHARDS=512"
    : `${verb} takes one name, such as node-2 or nats-1`;
}

/** Resolves with what to tell once it is done. Rejects when there is nothing of that name, or it does not come up. */
export async function carryOut(cluster: LocalCluster, verb: Verb, name: string): Promise<string> {
  if (verb === "status") return "";
  if (verb === "add") return `${(await cluster.addNode()).name} is ready`;
  if (verb === "set") return set(cluster, name);
  const process = cluster.process(name);
  if (process === undefined) throw new RangeError(`there is no ${name}`);
  switch (verb) {
    case "remove":
      await cluster.removeNode(name);
      return `${name} is removed`;
    case "stop":
      await process.stop();
      return `${name} is stopped`;
    case "kill":
      await process.kill();
      return `${name} is killed`;
    case "freeze":
      process.freeze();
      return `${name} stands still`;
    case "thaw":
      process.thaw();
      return `${name} goes on`;
    case "reload":
      cluster.reload(name);
      return `${name} reads its configuration again`;
    case "start":
      await cluster.startAgain(name);
      return `${name} is ready`;
    case "restart":
      await process.stop();
      await cluster.startAgain(name);
      return `${name} is ready again`;
  }
}

const SETTING = /^(STOCKGRID_[A-Z_]+)=(.*)$/;

function set(cluster: LocalCluster, text: string): string {
  const [, variable, value] = SETTING.exec(text) ?? [];
  if (variable === undefined || value === undefined)
    throw new RangeError(`${JSON.stringify(text)} is no setting: write NAME=value, such as STOCKGRID_SHARDS=512`);
  cluster.set(variable, value);
  return `nodes are started with ${text} from now on`;
}
