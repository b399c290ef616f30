/** The ids that the schemas and the guides show: as the grid makes them, so that a reader who looks at one is not misled. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ReservationIdSchema, ReservationViewSchema } from "../../src/api/contract/index.ts";
import { type EpochMs, hash32 } from "../../src/base/index.ts";
import { formatReservationId, skuHashOfReservationId } from "../../src/reservation/index.ts";

interface Example {
  readonly id: string;
  readonly createdAt: string;
  readonly lines: readonly { readonly sku: string }[];
}

const EXAMPLE = (ReservationViewSchema as unknown as { readonly examples: readonly [Example] }).examples[0];
const DOCS = join(import.meta.dirname, "../../docs");

const guides = (): string[] =>
  readdirSync(DOCS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .sort();

describe("the example of a reservation", () => {
  it("has the id that the grid would have made for it", () => {
    const { id, createdAt, lines } = EXAMPLE;
    expect(id).toBe(formatReservationId(Date.parse(createdAt) as EpochMs, 1, hash32(lines[0]?.sku ?? "")));
    expect(ReservationIdSchema).toMatchObject({ examples: [id] });
  });
});

describe("the guides", () => {
  it("show no reservation id of another form", () => {
    const shown = guides().flatMap((name) =>
      [...readFileSync(join(DOCS, name), "utf8").matchAll(/\b0m[0-9a-z]{8,30}-[0-9a-f]{4,16}\b/g)].map(([id]) => ({ name, id })),
    );
    expect(shown.length).toBeGreaterThan(0);
    expect(shown.filter(({ id }) => skuHashOfReservationId(id) === undefined)).toEqual([]);
  });
});
