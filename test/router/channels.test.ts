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

const FOUR_PARTS = 40;

it.each([[1], [2], [3], [4], [1, 2], [3, 4]])(
  "drop a message of which parts were lost, and that one alone (H1): %j",
  (...lost) => {
    expect(arrived(lost)).toEqual([`0 a ${"y".repeat(FOUR_PARTS)}`]);
  },
);

it("never put parts of two messages together (H1)", () => {
  expect(arrived([3, 4, 5, 6])).toEqual([]);
});

/** What arrives of two messages of four parts each when these parts, 1 to 8, are lost. */
function arrived(lost: readonly number[]): string[] {
  const clock = new StepClock();
  const network = new MemoryNetwork((run) => clock.soon(run));
  const b = twoChannels(network, "b");
  let sent = 0;
  const inner = network.link("a", SMALL);
  const lossy = (to: string, message: Uint8Array): void => {
    if (!lost.includes(++sent)) inner.send(to, message);
  };
  const [channel] = splitLinks({ ...inner, send: lossy }, 1);
  for (const letter of "xy") channel?.send("b", Buffer.from(letter.repeat(FOUR_PARTS)));
  clock.settle();
  expect(sent).toBe(8);
  return b.got;
}
