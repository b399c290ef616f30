/** The guide of each source is true: its examples are understood, its schema is the one that is checked. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { schemaFiles } from "../../scripts/source-schemas.ts";
import { readEnvelope } from "../../src/intake/index.ts";
import { interpret, SOURCES } from "../../src/sources/index.ts";
import { contextOf } from "./context.ts";

const FOLDER = join(import.meta.dirname, "../../docs/sources");

describe.each(SOURCES)("docs/sources/%s.md", (source) => {
  it("has examples that are understood when they are sent", () => {
    const page = readFileSync(join(FOLDER, `${source}.md`), "utf8");
    const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = ""]) => JSON.parse(text) as unknown);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const envelope = readEnvelope(example);
      expect(envelope).toMatchObject({ ok: true });
      if (!envelope.ok) continue;
      const location = source === "supplier" ? { location: "dc-1" } : {};
      expect(interpret(envelope.event, contextOf(source, location))).toMatchObject({ kind: "understood" });
    }
  });
});

describe("docs/sources", () => {
  it("has the schemas that are checked; `node scripts/run.mjs scripts/source-schemas.ts` writes them", () => {
    const found = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));
    expect(found.sort()).toEqual([...schemaFiles().keys()].sort());
    for (const [name, text] of schemaFiles()) expect(readFileSync(join(FOLDER, name), "utf8"), name).toBe(text);
  });
});
