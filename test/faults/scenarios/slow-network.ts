/** A proxy between a node and NATS: slow, thin, silent one way, silent both ways, and connections that are reset. */

import { setTimeout as pause } from "node:timers/promises";
import { type ClusterWishes, type Preparation, scenario } from "../scenario.ts";
import { TcpProxy, type Weather } from "../tcp-proxy.ts";

const EACH_MS = 1_500;
const WEATHERS: Readonly<Record<string, Partial<Weather>>> = {
  slow: { delayMs: 30, jitterMs: 40 },
  thin: { bytesPerSecond: 400_000 },
  silentUp: { blackHole: "up" },
  silentDown: { blackHole: "down" },
  silent: { blackHole: "both" },
};
const RESETS = 3;

class Proxies implements Preparation {
  readonly proxies: TcpProxy[] = [];
  readonly wishes: ClusterWishes = {
    natsUrlFor: async (url) => {
      const { hostname, port } = new URL(url);
      const proxy = await TcpProxy.start({ host: hostname, port: Number(port) });
      this.proxies.push(proxy);
      return `nats://127.0.0.1:${proxy.port}`;
    },
  };

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }
}

export const slowNetwork = scenario<Proxies>({
  name: "slow-network",
  does: "makes the way between a node and NATS slow, thin, silent (one way, both ways) and torn, and measures until all serves",
  nodes: 1,
  natsServers: 1,
  features: [],
  outageMsMax: 5_000,
  prepare: async () => new Proxies(),
  async run({ prepared, random, say, untilEveryShardServes }) {
    const measured: Record<string, number> = {};
    const proxy = random.pick(prepared.proxies);
    for (const [name, weather] of Object.entries(WEATHERS)) {
      say(name);
      proxy.set(weather);
      await pause(EACH_MS);
      proxy.set({});
      measured[`afterwards_${name}_ms`] = await untilEveryShardServes();
    }
    for (let count = 0; count < RESETS; count++) {
      proxy.reset();
      await pause(random.between(50, 300));
    }
    return { ...measured, afterwards_resets_ms: await untilEveryShardServes() };
  },
});
