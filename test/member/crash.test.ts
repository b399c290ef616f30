/**
 * Every crash point of the story over two members: either side dies at its n-th call of a port (before or after an append, a message, an answer),
 * every message is lost, repeated or late, and then all of it at once from seeds. In the end nothing is held for nobody, both sides agree,
 * and what the client was told is so.
 */

import { describe, expect, it } from "vitest";
import { SimRandom } from "../simulator/world/index.ts";
import { type Fate, type Name, Pair } from "./pair.ts";
import { play } from "./story.ts";

/** Runs until the side outlives the story; resolves to how often it died. */
async function dieAtEveryCall(name: Name, limits: ConstructorParameters<typeof Pair>[0]): Promise<number> {
  for (let call = 1; ; call++) {
    const pair = new Pair(limits);
    const { process } = pair.sides[name];
    const wrong = await play(pair, () => process.killAtCall(call));
    expect(wrong, `${name} died at call ${call}`).toEqual([]);
    if (process.alive) return call - 1;
  }
}

describe("the story over two members", () => {
  it("goes well when nothing goes wrong", async () => {
    expect(await play(new Pair(), () => undefined)).toEqual([]);
  });

  it.each(["a", "b"] as const)("goes well when %s dies at any call", async (name) => {
    const deaths = await dieAtEveryCall(name, {});
    expect(deaths).toBeGreaterThan(50);
  });

  it.each(["a", "b"] as const)("goes well when %s dies at any call and comes back from a checkpoint", async (name) => {
    const limits = { checkpointMs: 20, activeRecordsMax: 0, activeReservationsMax: 0 };
    expect(await dieAtEveryCall(name, limits)).toBeGreaterThan(50);
  });

  it.each(["is lost", "comes twice", "comes late"] as const)("goes well when any one message %s", async (fate) => {
    for (let hit = 1; ; hit++) {
      const pair = new Pair();
      let before = 0;
      const wrong = await play(pair, () => {
        before = pair.messages;
        pair.fate = (n) => (n === before + hit ? fate : "arrives");
      });
      expect(wrong, `message ${hit} ${fate}`).toEqual([]);
      if (pair.messages < before + hit) {
        expect(hit).toBeGreaterThan(15);
        return;
      }
    }
  });
});

const SEEDS = 60;
const FATES: readonly Fate[] = ["is lost", "comes twice", "comes late"];

describe("from seeds", () => {
  it("goes well whatever is lost, repeated, late, dead and slow together", async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = new SimRandom(seed, 7);
      const pair = new Pair({ checkpointMs: random.pick([20, 300, 60_000]), activeReservationsMax: random.pick([0, 100]) }, seed);
      const trouble = random.pick([0.05, 0.2, 0.4]);
      const wrong = await play(pair, () => disturb(pair, random, trouble));
      expect(wrong, `seed ${seed}`).toEqual([]);
    }
  });
});

const DISTURBED_MS = 12_000;

function disturb(pair: Pair, random: SimRandom, trouble: number): void {
  const end = pair.scheduler.elapsedMs + DISTURBED_MS;
  const calm = pair.weather.rates;
  pair.fate = () => (random.chance(trouble) ? random.pick(FATES) : "arrives");
  pair.weather.rates = {
    ...calm,
    appendAnswerLost: trouble / 2,
    appendLost: trouble / 2,
    journalLatencyMsMax: random.pick([0, 10]),
  };
  const kill = (): void => {
    if (pair.scheduler.elapsedMs > end) return;
    const { process } = pair.sides[random.pick(["a", "b"] as const)];
    process.killAtCall(random.between(1, 30));
    pair.scheduler.schedule(random.between(200, 3_000), kill);
  };
  pair.scheduler.schedule(random.between(0, 1_000), kill);
  pair.scheduler.schedule(DISTURBED_MS, () => {
    pair.fate = () => "arrives";
    pair.weather.rates = calm;
  });
}
