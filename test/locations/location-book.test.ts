import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { LocationId } from "../../src/base/index.ts";
import { LocationBook, type NewLocation } from "../../src/locations/index.ts";
import { MemoryBucket } from "../support/memory-key-value.ts";
import { StepClock } from "../support/step-clock.ts";

const clock = new StepClock();
let bucket: MemoryBucket;
let books: LocationBook[];

beforeEach(() => {
  bucket = new MemoryBucket();
  books = [];
});

afterEach(() => {
  for (const book of books) book.close();
});

async function newBook(): Promise<LocationBook> {
  const book = new LocationBook(bucket.view(), clock);
  books.push(book);
  await book.settled;
  return book;
}

const id = (text: string): LocationId => text as LocationId;
const store = (text: string, name = text): NewLocation => ({ id: id(text), type: "store", name });

describe("a put", () => {
  it("creates, then replaces with the next version, at the time of the clock (L2)", async () => {
    const book = await newBook();
    expect(await book.put(store("A"))).toEqual({
      kind: "created",
      location: { ...store("A"), version: 1, updatedAt: clock.now() },
    });
    clock.advance(1_000);
    const replaced = { ...store("A", "new name"), version: 2, updatedAt: clock.now() };
    expect(await book.put(store("A", "new name"))).toEqual({ kind: "replaced", location: replaced });
    expect(book.get(id("A"))).toEqual(replaced);
  });

  it("gives every one of racing members a version of its own (L2)", async () => {
    const [one, two] = [await newBook(), await newBook()];
    const puts = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? one : two).put(store("A", `${index}`))),
    );
    const versions = puts.map((put) => (put.kind === "fault" ? put.code : put.location.version));
    expect(versions.sort((a, b) => Number(a) - Number(b))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(puts.filter(({ kind }) => kind === "created")).toHaveLength(1);
  });

  it("of a member that has not heard of the location replaces it", async () => {
    const [one, two] = [await newBook(), await newBook()];
    bucket.silent = true;
    await one.put(store("A"));
    expect(await two.put(store("A", "theirs"))).toMatchObject({ kind: "replaced", location: { version: 2 } });
  });

  it("without an answer is outcome-unknown", async () => {
    const book = await newBook();
    bucket.away = true;
    expect(await book.put(store("A"))).toMatchObject({ kind: "fault", code: "outcome-unknown" });
  });

  it("keeps ids that no key can hold apart", async () => {
    const book = await newBook();
    for (const text of ["a.b", "a=2Eb", "ü/ x", "*", ">"]) await book.put(store(text));
    expect(book.size).toBe(5);
    expect((await newBook()).list(undefined, 10).map((location) => location.id)).toEqual(["*", ">", "a.b", "a=2Eb", "ü/ x"]);
  });
});

describe("a look", () => {
  it("finds what another member put a moment ago, which is known from then on (L1)", async () => {
    const [one, two] = [await newBook(), await newBook()];
    bucket.silent = true;
    await one.put(store("A"));
    expect(two.has(id("A"))).toBe(false);
    expect(await two.look(id("A"))).toMatchObject({ id: "A", version: 1 });
    expect(two.has(id("A"))).toBe(true);
  });

  it("asks once for many who want the same, and not at all for what is known", async () => {
    const book = await newBook();
    await book.put(store("A"));
    bucket.gets = 0;
    await Promise.all([book.look(id("A")), book.look(id("B")), book.look(id("B")), book.look(id("B"))]);
    expect(bucket.gets).toBe(1);
  });

  it("rejects when the bucket is away, and when too many are under way", async () => {
    const book = await newBook();
    const looks = Array.from({ length: 257 }, (_, index) => book.look(id(`unknown ${index}`)));
    const results = await Promise.allSettled(looks);
    expect(results.filter(({ status }) => status === "rejected")).toHaveLength(1);
    bucket.away = true;
    await expect(book.look(id("B"))).rejects.toThrow("does not answer");
  });
});

describe("what is known", () => {
  it("comes from the watch, in the order of ids, page by page", async () => {
    const [writer, reader] = [await newBook(), await newBook()];
    for (const text of ["C", "A", "D", "B"]) await writer.put(store(text));
    expect(reader.list(undefined, 3).map((location) => location.id)).toEqual(["A", "B", "C"]);
    expect(reader.list("C", 3).map((location) => location.id)).toEqual(["D"]);
    expect(reader.list("BB", 1).map((location) => location.id)).toEqual(["C"]);
    await writer.put(store("AA"));
    expect(reader.list("A", 2).map((location) => location.id)).toEqual(["AA", "B"]);
  });

  it("never goes back to an older value that the watch shows late (L3)", async () => {
    const book = await newBook();
    await book.put(store("A", "old"));
    let late: (() => void) | undefined;
    const view = bucket.view();
    const slow = new LocationBook(
      {
        ...view,
        watch: (onChange, onSettled) =>
          view.watch((key, entry) => {
            late ??= () => onChange(key, entry);
          }, onSettled),
      },
      clock,
    );
    books.push(slow);
    await slow.settled;
    await slow.put(store("A", "new"));
    late?.();
    expect(slow.get(id("A"))?.name).toBe("new");
  });
});
