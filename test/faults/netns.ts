/**
 * Hosts of a network of our own, each a network namespace of Linux on one bridge: processes in them are as far apart as on
 * machines, and links between two hosts can be cut, both ways or one way.
 *
 * N1. A cut loses packets silently, as a broken cable does: the sender's neighbour table names a hardware address that nobody
 *     has. Connections stay open until somebody's patience ends; mending brings them back.
 * N2. Names and addresses are unique to this process and this network, and everything is removed by `close`, at the latest at
 *     the end of the process.
 */

import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { runTool, runToolNow } from "./run-tool.ts";

/** 198.18.0.0/15 is set aside for tests of networks: no route of a real machine leads there. */
const NETWORKS = 256;
const OUTSIDE = 254;
const HOSTS_MAX = 100;
const NOBODY = "02:00:00:00:00:00";

let made = 0;

/** Why such networks cannot be made here, for the message of a skipped test; undefined when they can. */
export async function unsupportedNetworks(): Promise<string | undefined> {
  if (process.platform !== "linux") return "network namespaces need Linux";
  if (process.getuid?.() !== 0) return "network namespaces need root";
  try {
    const network = await TestNetwork.create(["probe"]);
    await network.close();
    return undefined;
  } catch (error) {
    return `network namespaces do not work here: ${(error as Error).message}`;
  }
}

interface Host {
  readonly namespace: string;
  readonly address: string;
  readonly children: Set<ChildProcess>;
}

export class TestNetwork {
  readonly #bridge: string;
  readonly #prefix: string;
  readonly #hosts = new Map<string, Host>();
  readonly #atExit = (): void => this.#removeNow();

  private constructor(number: number) {
    const unique = `${process.pid.toString(36)}${number.toString(36)}`;
    this.#bridge = `sgb${unique}`;
    this.#prefix = `198.${18 + (number % 2)}.${(process.pid + number) % NETWORKS}`;
  }

  /** A network with these hosts. Rejects when the machine does not allow it; then nothing is left behind. */
  static async create(hosts: readonly string[]): Promise<TestNetwork> {
    if (hosts.length > HOSTS_MAX) throw new Error(`at most ${HOSTS_MAX} hosts`);
    const network = new TestNetwork(made++);
    process.once("exit", network.#atExit);
    try {
      await network.#build(hosts);
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** The address of a host, from the other hosts and from the tests. */
  address(host: string): string {
    return this.#host(host).address;
  }

  /** The address of the tests themselves, as the hosts see it. */
  get outside(): string {
    return `${this.#prefix}.${OUTSIDE}`;
  }

  /** The name of a host's network namespace, as `ip netns` takes it. */
  namespace(host: string): string {
    return this.#host(host).namespace;
  }

  /** Starts a program on a host. Its pid is that of the program. */
  spawn(host: string, command: string, args: readonly string[], options: SpawnOptions = {}): ChildProcess {
    const { namespace, children } = this.#host(host);
    const child = spawn("ip", ["netns", "exec", namespace, command, ...args], options);
    children.add(child);
    child.once("exit", () => children.delete(child));
    return child;
  }

  /** From now on nothing that `from` sends reaches `to`. */
  async cutOneWay(from: string, to: string): Promise<void> {
    await this.#ip(from, ["neigh", "replace", this.address(to), "lladdr", NOBODY, "dev", DEVICE, "nud", "permanent"]);
  }

  async mendOneWay(from: string, to: string): Promise<void> {
    await this.#ip(from, ["neigh", "del", this.address(to), "dev", DEVICE]).catch(ignoreMissing);
  }

  /** Nothing passes between any host of the one side and any of the other. */
  async cut(side: readonly string[], otherSide: readonly string[]): Promise<void> {
    for (const [from, to] of pairs(side, otherSide)) await Promise.all([this.cutOneWay(from, to), this.cutOneWay(to, from)]);
  }

  async mend(side: readonly string[], otherSide: readonly string[]): Promise<void> {
    for (const [from, to] of pairs(side, otherSide)) await Promise.all([this.mendOneWay(from, to), this.mendOneWay(to, from)]);
  }

  /** Every link as at first. */
  async mendAll(): Promise<void> {
    const names = [...this.#hosts.keys()];
    for (const from of names) for (const to of names) if (from !== to) await this.mendOneWay(from, to);
  }

  /** Ends what still runs on the hosts and removes the network. */
  async close(): Promise<void> {
    process.off("exit", this.#atExit);
    for (const { children } of this.#hosts.values()) for (const child of children) await end(child);
    for (const { namespace } of this.#hosts.values()) await runTool("ip", ["netns", "del", namespace]).catch(ignoreMissing);
    this.#hosts.clear();
    await runTool("ip", ["link", "del", this.#bridge]).catch(ignoreMissing);
  }

  async #build(hosts: readonly string[]): Promise<void> {
    await runTool("ip", ["link", "add", this.#bridge, "type", "bridge"]);
    await runTool("ip", ["addr", "add", `${this.outside}/24`, "dev", this.#bridge]);
    await runTool("ip", ["link", "set", this.#bridge, "up"]);
    for (const [index, host] of hosts.entries()) await this.#addHost(host, index + 1);
  }

  async #addHost(name: string, number: number): Promise<void> {
    const namespace = `${this.#bridge}-${name}`;
    const plug = `${this.#bridge}p${number}`;
    const host = { namespace, address: `${this.#prefix}.${number}`, children: new Set<ChildProcess>() };
    await runTool("ip", ["netns", "add", namespace]);
    this.#hosts.set(name, host);
    await runTool("ip", ["link", "add", plug, "type", "veth", "peer", "name", DEVICE, "netns", namespace]);
    await runTool("ip", ["link", "set", plug, "master", this.#bridge, "up"]);
    await this.#ip(name, ["link", "set", "lo", "up"]);
    await this.#ip(name, ["addr", "add", `${host.address}/24`, "dev", DEVICE]);
    await this.#ip(name, ["link", "set", DEVICE, "up"]);
  }

  #ip(host: string, args: readonly string[]): Promise<string> {
    return runTool("ip", ["-n", this.#host(host).namespace, ...args]);
  }

  #removeNow(): void {
    for (const { children } of this.#hosts.values()) for (const child of children) child.kill("SIGKILL");
    for (const { namespace } of this.#hosts.values()) runToolNow("ip", ["netns", "del", namespace]);
    runToolNow("ip", ["link", "del", this.#bridge]);
  }

  #host(name: string): Host {
    const host = this.#hosts.get(name);
    if (host === undefined) throw new Error(`the network has no host ${name}`);
    return host;
  }
}

const DEVICE = "eth0";

function pairs(side: readonly string[], otherSide: readonly string[]): [string, string][] {
  return side.flatMap((from) => otherSide.map((to): [string, string] => [from, to]));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

function ignoreMissing(error: Error): void {
  if (!/No such|Cannot find|does not exist/i.test(error.message)) throw error;
}
