/** The proxy of the fault tests: each weather does what it says and nothing else. */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";

let proxy: TcpProxy;
let received: Buffer[];
let accepted: Socket[];
let clients: Socket[];
let endServer: () => Promise<void>;

beforeEach(async () => {
  received = [];
  accepted = [];
  clients = [];
  const server = createServer((socket) => {
    accepted.push(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      received.push(chunk);
      socket.write(chunk);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  endServer = async () => {
    for (const socket of accepted) socket.destroy();
    const closed = once(server, "close");
    server.close();
    await closed;
  };
  proxy = await TcpProxy.start({ host: "127.0.0.1", port: (server.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const client of clients) client.destroy();
  await proxy.close();
  await endServer();
});

async function client(): Promise<Socket> {
  const socket = connect(proxy.port, "127.0.0.1");
  clients.push(socket);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

/** What comes back, once it is `bytes` long. */
function answer(socket: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length >= bytes) resolve(all);
    });
  });
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

describe("the proxy", () => {
  it("passes on every byte in order, both ways", async () => {
    const socket = await client();
    const sent = randomBytes(3_000_000);
    const back = answer(socket, sent.length);
    socket.write(sent);
    expect((await back).equals(sent)).toBe(true);
  });

  it("delays each direction, with jitter and all in order", async () => {
    proxy.set({ delayMs: 40, jitterMs: 30 });
    const socket = await client();
    const back = answer(socket, 20);
    const took = await timed(async () => {
      for (let n = 0; n < 10; n++) {
        socket.write(`${n} `);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      expect((await back).toString()).toBe("0 1 2 3 4 5 6 7 8 9 ");
    });
    expect(took).toBeGreaterThan(80);
  });

  it("bounds the bytes of a second", async () => {
    proxy.set({ bytesPerSecond: 100_000 });
    const socket = await client();
    const back = answer(socket, 20_000);
    socket.write(randomBytes(20_000));
    expect(await timed(() => back)).toBeGreaterThan(180);
  });

  it("swallows everything in a black hole, keeps connections open, and delivers when it is lifted", async () => {
    const socket = await client();
    const first = answer(socket, 1);
    socket.write("a");
    await first;
    proxy.set({ blackHole: "both" });
    socket.write("b");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(Buffer.concat(received).toString()).toBe("a");
    expect(socket.destroyed).toBe(false);
    const rest = answer(socket, 1);
    proxy.set({});
    expect((await rest).toString()).toBe("b");
  });

  it("swallows only one way when told so", async () => {
    const socket = await client();
    proxy.set({ blackHole: "down" });
    const back = answer(socket, 1);
    socket.write("a");
    await until(() => received.length > 0);
    proxy.set({ blackHole: "up" });
    expect((await back).toString()).toBe("a");
    socket.write("b");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(Buffer.concat(received).toString()).toBe("a");
  });

  it("holds up a sender that a black hole swallows, instead of growing", async () => {
    proxy.set({ blackHole: "up" });
    const socket = await client();
    socket.write(Buffer.alloc(64 << 20));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(socket.writableLength).toBeGreaterThan(32 << 20);
  });

  it("resets what is open and takes new connections", async () => {
    const socket = await client();
    await until(() => accepted.length === 1);
    const failed = once(socket, "error") as Promise<[NodeJS.ErrnoException]>;
    proxy.reset();
    expect((await failed)[0].code).toBe("ECONNRESET");
    const again = await client();
    const back = answer(again, 1);
    again.write("a");
    expect((await back).toString()).toBe("a");
  });

  it("refuses new connections while open ones go on, then accepts on the same port", async () => {
    const socket = await client();
    const { port } = proxy;
    await proxy.refuse();
    await expect(client()).rejects.toMatchObject({ code: "ECONNREFUSED" });
    const back = answer(socket, 1);
    socket.write("a");
    expect((await back).toString()).toBe("a");
    await proxy.accept();
    expect(proxy.port).toBe(port);
    await client();
  });

  it("passes on the end of a connection, and forgets it", async () => {
    const socket = await client();
    const ended = once(socket, "close");
    await until(() => accepted.length === 1);
    socket.end();
    await ended;
    await until(() => proxy.connections === 0);
  });
});
