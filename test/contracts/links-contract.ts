/** What every Links must do (src/ports/links.ts), run on threads, on NATS, on both together and on the simulator's. */

import { afterEach, describe, expect, it } from "vitest";
import type { Links } from "../../src/ports/index.ts";

export interface NetworkUnderTest {
  /** Links of the members `a`, `b` and `c`, not received from yet; `ready` is awaited after the receivers are set. */
  readonly lanes: Readonly<Record<"a" | "b" | "c", string>>;
  link(lane: string): Links;
  ready(): Promise<void>;
  dispose(): Promise<void>;
}

export interface Inbox {
  readonly links: Links;
  readonly messages: [from: string, text: string][];
  readonly bytes: Uint8Array[];
}

export function describeLinksContract(name: string, makeNetwork: () => Promise<NetworkUnderTest>): void {
  describe(`links contract: ${name}`, () => {
    const networks: NetworkUnderTest[] = [];

    afterEach(async () => {
      for (const network of networks.splice(0)) await network.dispose();
    });

    async function connect(): Promise<{ a: Inbox; b: Inbox; c: Inbox; lanes: NetworkUnderTest["lanes"] }> {
      const network = await makeNetwork();
      networks.push(network);
      const { lanes } = network;
      const made = {
        a: inboxOf(network.link(lanes.a)),
        b: inboxOf(network.link(lanes.b)),
        c: inboxOf(network.link(lanes.c)),
        lanes,
      };
      await network.ready();
      return made;
    }

    it("bring a message to its receiver alone, with the lane of the sender", async () => {
      const { a, b, c, lanes } = await connect();
      a.links.send(lanes.b, bytes("one"));
      c.links.send(lanes.b, bytes("two"));
      b.links.send(lanes.c, bytes("three"));
      await expect.poll(() => b.messages).toHaveLength(2);
      expect(Object.fromEntries(b.messages)).toEqual({ [lanes.a]: "one", [lanes.c]: "two" });
      await expect.poll(() => c.messages).toEqual([[lanes.b, "three"]]);
      expect(a.messages).toEqual([]);
    });

    it("never call the receiver before `send` returns", async () => {
      const { a, b, lanes } = await connect();
      a.links.send(lanes.b, bytes("later"));
      expect(b.messages).toEqual([]);
      await expect.poll(() => b.messages).toHaveLength(1);
    });

    it("keep the order between two members, within a turn and over turns", async () => {
      const { a, b, lanes } = await connect();
      for (let turn = 0; turn < 20; turn++) {
        for (let message = 0; message < 50; message++) a.links.send(lanes.b, bytes(String(turn * 50 + message)));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await expect.poll(() => b.messages).toHaveLength(1_000);
      expect(b.messages.map(([, text]) => Number(text))).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
    });

    it("keep empty messages, and messages of every byte", async () => {
      const { a, b, lanes } = await connect();
      const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      a.links.send(lanes.b, new Uint8Array(0));
      a.links.send(lanes.b, all);
      await expect.poll(() => b.bytes).toHaveLength(2);
      expect(b.bytes.map((message) => [...message])).toEqual([[], [...all]]);
    });

    it("carry messages as large as they say, several in one turn", async () => {
      const { a, b, lanes } = await connect();
      const size = Math.min(a.links.messageBytesMax, 2 * 1024 * 1024);
      for (let i = 0; i < 3; i++) a.links.send(lanes.b, new Uint8Array(size - i));
      await expect.poll(() => b.bytes.map((message) => message.length), { timeout: 5_000 }).toEqual([size, size - 1, size - 2]);
    });

    it("take messages for a member that is away, and go on", async () => {
      const { a, b, lanes } = await connect();
      a.links.send("nobody_n_0", bytes("lost"));
      a.links.send(lanes.b, bytes("found"));
      await expect.poll(() => b.messages).toEqual([[lanes.a, "found"]]);
    });
  });
}

function inboxOf(links: Links): Inbox {
  const inbox: Inbox = { links, messages: [], bytes: [] };
  links.receive((from, message) => {
    inbox.messages.push([from, new TextDecoder().decode(message)]);
    inbox.bytes.push(message);
  });
  return inbox;
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
