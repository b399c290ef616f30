/**
 * A few hundred broken events of every source: each is refused with a reason, or moves nothing that the good one does not.
 *
 * A broken event is a good one with one thing wrong: a member missing, misspelt, or of a kind, size or form that it cannot have.
 */

import { describe, expect, it } from "vitest";
import type { Interpretation } from "../../src/sources/index.ts";
import { SOURCES, type Source } from "../../src/sources/index.ts";
import { brief, read, type Told } from "./context.ts";
import { EXAMPLES, shipNotice } from "./examples.ts";

const TOLD: Readonly<Record<Source, Told>> = {
  pos: {},
  ecommerce: { location: "dc-1" },
  wms: {},
  rfid: {},
  supplier: { location: "dc-1" },
  returns: {},
};
const WRONG_VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  1e308,
  "",
  " ",
  "\u0000",
  "x".repeat(2_000),
  [],
  {},
  ["x"],
  { x: 1 },
];

interface Broken {
  readonly how: string;
  readonly data: unknown;
}

type Path = readonly (string | number)[];

function* pathsOf(value: unknown, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) for (const [index, each] of value.entries()) yield* pathsOf(each, [...path, index]);
  else if (typeof value === "object" && value !== null) {
    for (const [name, each] of Object.entries(value)) yield* pathsOf(each, [...path, name]);
  }
}

/** A copy with the member at `path` changed by `change`, which gets its parent and its name. */
function changed(
  data: object,
  path: Path,
  change: (parent: Record<string | number, unknown>, name: string | number) => void,
): unknown {
  const copy = structuredClone(data);
  let parent = copy as Record<string | number, unknown>;
  for (const name of path.slice(0, -1)) parent = parent[name] as Record<string | number, unknown>;
  change(parent, path.at(-1) as string | number);
  return copy;
}

function* brokenOf(data: object): Generator<Broken> {
  for (const path of pathsOf(data)) {
    const where = path.join("/");
    yield {
      how: `${where} is missing`,
      data: changed(data, path, (parent, name) => {
        if (Array.isArray(parent)) parent.splice(Number(name), 1);
        else delete parent[name];
      }),
    };
    if (typeof path.at(-1) === "string") {
      const misspelt = changed(data, path, (parent, name) => {
        parent[`${name}x`] = parent[name];
        delete parent[name];
      });
      yield { how: `${where} is misspelt`, data: misspelt };
    }
    for (const value of WRONG_VALUES) {
      const replaced = changed(data, path, (parent, name) => {
        parent[name] = value;
      });
      yield { how: `${where} is ${JSON.stringify(value).slice(0, 20)}`, data: replaced };
    }
  }
}

/** Characters of a text cut out or doubled: for X12. */
function* brokenText(text: string): Generator<Broken> {
  for (let at = 0; at < text.length; at += 2) {
    yield { how: `without character ${at}`, data: text.slice(0, at) + text.slice(at + 1) };
    yield { how: `cut off at ${at}`, data: text.slice(0, at) };
  }
}

const keysOf = (found: Interpretation): readonly string[] =>
  found.kind === "problem"
    ? []
    : found.movements.map(({ type, sku, location, quantity }) => `${type} ${sku} ${location} ${quantity}`);

/** Why the outcome is not harmless, undefined when it is. */
function harm(good: readonly string[], found: Interpretation): string | undefined {
  if (found.kind === "problem") return found.reason.length > 3 && found.path.length > 1 ? undefined : "has no reason or place";
  const strange = keysOf(found).filter((key) => !good.includes(key));
  return strange.length === 0 ? undefined : `moves ${strange.join("; ")}`;
}

/** Values that make another event, and a good one: a unit more or less is nobody's to find out. */
const MAKES_ANOTHER: Readonly<Record<Source, RegExp>> = {
  pos: /Transaction(?:Status|Link) is missing/,
  ecommerce: /^$/,
  wms: /toWarehouse is missing|condition is missing/,
  rfid: /^(?:epcisBody\/eventList\/0\/)?(?:bizLocation|disposition|eventID) is missing/,
  supplier: /^$/,
  returns: /^$/,
};

describe.each(SOURCES)("%s", (source) => {
  it("is not moved by what is broken", () => {
    let [refused, harmless] = [0, 0];
    const faults: string[] = [];
    for (const data of EXAMPLES[source]) {
      const told = TOLD[source];
      const good = keysOf(read(source, data, told));
      for (const { how, data: broken } of brokenOf(data)) {
        if (MAKES_ANOTHER[source].test(how)) continue;
        const found = read(source, broken, told);
        const fault = harm(good, found);
        if (fault !== undefined)
          faults.push(`${JSON.stringify(data).slice(0, 60)} ${how}: ${fault} (${brief(found).join("; ")})`);
        if (found.kind === "problem") refused++;
        else harmless++;
      }
    }
    expect(faults).toEqual([]);
    expect(refused).toBeGreaterThan(300);
    // What is accepted has lost something optional.
    expect(harmless).toBeLessThan(refused / 4);
  });
});

describe("an X12 856", () => {
  it("that is broken moves nothing, and is refused or still whole", () => {
    let refused = 0;
    for (const { data } of brokenText(shipNotice())) {
      const found = read("supplier", data, TOLD.supplier);
      expect(keysOf(found)).toEqual([]);
      if (found.kind === "problem") refused++;
    }
    expect(refused).toBeGreaterThan(200);
  });
});

describe("what is no form at all", () => {
  it.each(SOURCES)("is refused by %s", (source) => {
    for (const data of [
      undefined,
      null,
      1,
      "text",
      true,
      [],
      [{}],
      {},
      { event: "x" },
      { event: 1 },
      { type: "Event" },
      Object.create(null),
    ]) {
      expect(read(source, data), JSON.stringify(data)).toMatchObject({ kind: "problem", reason: expect.stringMatching(/./) });
    }
  });
});
