/** What codes stand for, at several members. A1 to A3 are those of src/aliases/alias-book.ts. */

import { afterEach, describe, expect, it } from "vitest";
import { type Alias, AliasBook } from "../../src/aliases/index.ts";
import type { LocationId, Sku } from "../../src/base/index.ts";
import { MemoryBucket } from "../support/memory-key-value.ts";

const item = (code: string, sku: string, units = 1): Alias => ({ kind: "items", code, sku: sku as Sku, units });
const place = (code: string, location: string): Alias => ({ kind: "locations", code, location: location as LocationId });

const books: AliasBook[] = [];
afterEach(() => {
  for (const book of books.splice(0)) book.close();
});

async function bookOf(bucket: MemoryBucket, aliasesMax?: number): Promise<AliasBook> {
  const book = new AliasBook(bucket.view(), aliasesMax);
  books.push(book);
  await book.settled;
  return book;
}

describe("an alias", () => {
  it("is known where it was put, and at every other member, also one that comes later (A1)", async () => {
    const bucket = new MemoryBucket();
    const [here, there] = [await bookOf(bucket), await bookOf(bucket)];
    expect(await here.put(item("4711", "SKU-1", 12))).toEqual({ kind: "created" });
    for (const book of [here, there, await bookOf(bucket)]) {
      expect(book.codesOf("pos").item("4711")).toMatchObject({ sku: "SKU-1", units: 12 });
      expect(book.codesOf("pos").item("4712")).toBeUndefined();
    }
  });

  it("is what the last put made it, also where the watch is behind (A2)", async () => {
    const bucket = new MemoryBucket();
    const [here, there] = [await bookOf(bucket), await bookOf(bucket)];
    await here.put(item("4711", "SKU-1"));
    bucket.silent = true;
    await here.put(item("4711", "SKU-2"));
    expect(await there.put(item("4711", "SKU-3"))).toEqual({ kind: "replaced" });
    bucket.catchUp();
    for (const book of [here, there]) expect(book.get("items", "4711")?.sku).toBe("SKU-3");
  });

  it("of one source goes before one of all (A3)", async () => {
    const book = await bookOf(new MemoryBucket());
    await book.put(place("9", "nine"));
    await book.put(place("pos:9", "store-9"));
    expect([book.codesOf("pos").place("9"), book.codesOf("wms").place("9")]).toEqual(["store-9", "nine"]);
  });

  it("is forgotten by all when it is removed", async () => {
    const bucket = new MemoryBucket();
    const [here, there] = [await bookOf(bucket), await bookOf(bucket)];
    await here.put(item("4711", "SKU-1"));
    expect(await there.remove("items", "4711")).toEqual({ kind: "removed" });
    expect(await there.remove("items", "4711")).toEqual({ kind: "unknown" });
    expect([here.size, there.size]).toEqual([0, 0]);
  });

  it("may be of any text, and kinds do not meet", async () => {
    const book = await bookOf(new MemoryBucket());
    const codes = ["a.b", "a b", "ä/*>", "https://id.gs1.org/01/05012345678900"];
    for (const code of codes) await book.put(item(code, "S"));
    for (const code of codes) expect(book.get("items", code)?.code).toBe(code);
    expect(codes.map((code) => book.get("locations", code))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it("is listed by kind, page by page", async () => {
    const book = await bookOf(new MemoryBucket());
    for (const code of ["3", "1", "2"]) await book.put(item(code, "S"));
    await book.put(place("1", "x"));
    const first = book.list("items", undefined, 2);
    expect(first.map(({ code }) => code)).toEqual(["1", "2"]);
    expect(book.list("items", "2", 2).map(({ code }) => code)).toEqual(["3"]);
    expect(book.list("locations", undefined, 9)).toEqual([place("1", "x")]);
  });

  it("beyond the limit is refused, and an old one may still change", async () => {
    const book = await bookOf(new MemoryBucket(), 1);
    await book.put(item("1", "A"));
    expect(await book.put(item("2", "B"))).toMatchObject({ kind: "full", detail: expect.stringMatching(/there are 1 aliases/) });
    expect(await book.put(item("1", "C"))).toEqual({ kind: "replaced" });
  });

  it("whose bucket does not answer is a fault to try again", async () => {
    const bucket = new MemoryBucket();
    const book = await bookOf(bucket);
    bucket.away = true;
    expect(await book.put(item("1", "A"))).toMatchObject({ kind: "fault", code: "outcome-unknown" });
    expect(book.get("items", "1")).toBeUndefined();
  });
});
