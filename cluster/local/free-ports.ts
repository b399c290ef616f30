/**
 * Ports for servers that have to know each other's addresses before they start.
 *
 * They are taken from below the range out of which systems give connections their own end (32,768 on Linux, 49,152 elsewhere): a server that is
 * killed and started again would else find its port taken by a connection now and then.
 */

import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";

const PORT_MIN = 10_000;
const PORT_MAX = 32_000;
const TRIES_MAX = 1_000;
const HOST = "127.0.0.1";

/** `count` ports that are free now. `wanted`: kept where they still are. */
export async function freePorts(count: number, wanted: readonly number[] = []): Promise<number[]> {
  const held: { readonly port: number; readonly server: Server }[] = [];
  try {
    for (let index = 0; index < count; index++) held.push(await hold(wanted[index]));
    return held.map(({ port }) => port);
  } finally {
    // Held until all are known, so that none is given twice.
    await Promise.all(held.map(({ server }) => new Promise((closed) => server.close(closed))));
  }
}

async function hold(wanted: number | undefined): Promise<{ port: number; server: Server }> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = tries === 0 && wanted !== undefined ? wanted : randomInt(PORT_MIN, PORT_MAX);
    const server = await listen(port);
    if (server !== undefined) return { port, server };
  }
  throw new Error(`no port from ${PORT_MIN} to ${PORT_MAX} is free`);
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: HOST, port, exclusive: true }, () => resolve(server));
  });
}
