import { expect, it } from "vitest";
import type { Links } from "../../src/ports/index.ts";
import { splitLinks } from "../../src/router/index.ts";
import { MemoryNetwork } from "../support/memory-links.ts";
import { StepClock } from "../support/step-clock.ts";

const SMALL = 20;

function twoChannels(network: MemoryNetwork, lane: string): { link: Links[]; got: string[] } {
  const got: string[] = [];
  const link = [...splitLinks(network.link(lane, SMALL), 2)];
  for (const [number, channel] of link.entries()) {
    channel.receive((from, message) => got.push(`${number} ${from} ${new TextDecoder().decode(message)}`));
  }
  return { link, got };
}

it("keep messages of different channels apart, whole ones and those in parts (H1)", () => {
  const clock = new StepClock();
  const network = new MemoryNetwork((run) => clock.soon(run));
  const [a, b] = [twoChannels(network, "a"), twoChannels(network, "b")];
  const long = "a message that does not fit into one of the link";
  a.link[0]?.send("b", Buffer.from("short"));
  a.link[1]?.send("b", Buffer.from(long));
  a.link[0]?.send("b", Buffer.from(long.toUpperCase()));
  clock.settle();
  expect(b.got).toEqual(["0 a short", `1 a ${long}`, `0 a ${long.toUpperCase()}`]);
});

it.each([1, 2, 3, 4])("drop a message of which part %i was lost, and that one alone (H1)", (lost) => {
  const clock = new StepClock();
  const network = new MemoryNetwork((run) => clock.soon(run));
  const b = twoChannels(network, "b");
  let sent = 0;
  const inner = network.link("a", SMALL);
  const [channel] = splitLinks({ ...inner, send: (to, message) => ++sent !== lost && inner.send(to, message) }, 1);
  channel?.send("b", Buffer.from("x".repeat(40)));
  channel?.send("b", Buffer.from("y".repeat(40)));
  clock.settle();
  expect(b.got).toEqual([`0 a ${"y".repeat(40)}`]);
});
