/**
 * A TCP proxy whose weather can be changed while connections are open: put between a node and NATS, a client and a node, or
 * two NATS servers.
 *
 * T1. Bytes that are delivered are the bytes that were sent, in order: a black hole keeps what it swallows and delivers it when
 *     it is lifted, as TCP does after an outage. Only a reset loses bytes, and then both sides see it.
 * T2. A side that sends into a stalled or slow direction is held up after BUFFER_BYTES_MAX, as by a full TCP window.
 * T3. `close` ends every connection and the listener, and resolves when they are gone.
 */

import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { SimRandom } from "../simulator/world/index.ts";

const HOST = "127.0.0.1";
const BUFFER_BYTES_MAX = 1 << 20;

export interface Weather {
  /** Each chunk arrives so much later, ms, plus a chance part up to `jitterMs`. */
  readonly delayMs: number;
  readonly jitterMs: number;
  /** Of each direction of each connection; Infinity: no bound. */
  readonly bytesPerSecond: number;
  /** Directions in which nothing arrives; connections stay open. Up is from the one who connected to the target. */
  readonly blackHole: "none" | "both" | "up" | "down";
}

export const FAIR_WEATHER: Weather = { delayMs: 0, jitterMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY, blackHole: "none" };

export interface ProxyTarget {
  readonly host: string;
  readonly port: number;
}

export class TcpProxy {
  readonly #target: ProxyTarget;
  readonly #random: SimRandom;
  readonly #pairs = new Set<Pair>();
  #server: Server | undefined;
  #port = 0;
  #weather = FAIR_WEATHER;

  private constructor(target: ProxyTarget, seed: number) {
    this.#target = target;
    this.#random = new SimRandom(seed);
  }

  /** Listens on a port of loopback that the system chooses. */
  static async start(target: ProxyTarget, seed = 1): Promise<TcpProxy> {
    const proxy = new TcpProxy(target, seed);
    await proxy.#listen();
    return proxy;
  }

  get port(): number {
    return this.#port;
  }

  /** Open connections. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** From now on, for open connections as well. What is not named is fair. */
  set(weather: Partial<Weather>): void {
    this.#weather = { ...FAIR_WEATHER, ...weather };
    for (const pair of this.#pairs) pair.weatherChanged();
  }

  /** Resets every open connection; new ones are taken. */
  reset(): void {
    for (const pair of this.#pairs) pair.reset();
  }

  /** New connections are refused, as by a host whose process has died; open ones stay. */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    server?.close();
  }

  /** Takes connections again, on the same port. */
  async accept(): Promise<void> {
    if (this.#server === undefined) await this.#listen();
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.reset();
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    await closed;
  }

  async #listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => this.#connected(socket));
    server.listen({ host: HOST, port: this.#port });
    await once(server, "listening");
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  #connected(client: Socket): void {
    const upstream = connect({ ...this.#target, allowHalfOpen: true });
    const pair = new Pair(client, upstream, (direction) => this.#terms(direction));
    this.#pairs.add(pair);
    pair.whenGone(() => this.#pairs.delete(pair));
  }

  #terms(direction: Direction): Terms {
    const { delayMs, jitterMs, bytesPerSecond, blackHole } = this.#weather;
    return {
      isStalled: blackHole === "both" || blackHole === direction,
      delayMs: delayMs + (jitterMs === 0 ? 0 : this.#random.below(jitterMs + 1)),
      bytesPerSecond,
    };
  }
}

type Direction = "up" | "down";

/** The weather for one chunk. */
interface Terms {
  readonly isStalled: boolean;
  readonly delayMs: number;
  readonly bytesPerSecond: number;
}

/** The two sockets of one connection. */
class Pair {
  readonly #sockets: readonly [Socket, Socket];
  readonly #flows: readonly [Flow, Flow];

  constructor(client: Socket, upstream: Socket, terms: (direction: Direction) => Terms) {
    this.#sockets = [client, upstream];
    this.#flows = [new Flow(client, upstream, () => terms("up")), new Flow(upstream, client, () => terms("down"))];
    for (const socket of this.#sockets) {
      socket.setNoDelay(true);
      socket.once("error", () => this.reset());
    }
  }

  weatherChanged(): void {
    for (const flow of this.#flows) flow.pump();
  }

  reset(): void {
    for (const flow of this.#flows) flow.stop();
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  whenGone(act: () => void): void {
    let open = this.#sockets.length;
    for (const socket of this.#sockets)
      socket.once("close", () => {
        open--;
        if (open === 0) act();
      });
  }
}

/** One direction: a queue of chunks, each with the time from which it may arrive. */
class Flow {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #terms: () => Terms;
  readonly #queue: { readonly chunk: Buffer; readonly dueAt: number }[] = [];
  #bytes = 0;
  #freeAt = 0;
  #isEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, terms: () => Terms) {
    this.#from = from;
    this.#to = to;
    this.#terms = terms;
    from.on("data", (chunk: Buffer) => this.#take(chunk));
    from.once("end", () => {
      this.#isEnded = true;
      this.pump();
    });
    from.once("close", () => this.#isEnded || this.stop());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }

  /** Delivers what is due, and comes back for what is not. */
  pump(): void {
    clearTimeout(this.#timer);
    if (this.#terms().isStalled) return;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const waitMs = next.dueAt - performance.now();
      if (waitMs > 0) {
        this.#timer = setTimeout(() => this.pump(), Math.ceil(waitMs));
        return;
      }
      this.#queue.shift();
      this.#bytes -= next.chunk.length;
      if (!this.#to.destroyed) this.#to.write(next.chunk);
    }
    if (this.#bytes < BUFFER_BYTES_MAX) this.#from.resume();
    if (this.#isEnded && !this.#to.destroyed) this.#to.end();
  }

  #take(chunk: Buffer): void {
    const { delayMs, bytesPerSecond } = this.#terms();
    const begins = Math.max(performance.now() + delayMs, this.#freeAt);
    this.#freeAt = begins + (chunk.length * 1_000) / bytesPerSecond;
    this.#queue.push({ chunk, dueAt: this.#freeAt });
    this.#bytes += chunk.length;
    if (this.#bytes >= BUFFER_BYTES_MAX) this.#from.pause();
    this.pump();
  }
}
