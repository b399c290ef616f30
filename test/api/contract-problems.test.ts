/** P1: table, pages and the published list of problems are one set. */

import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { PROBLEM_SLUGS, PROBLEMS, type ProblemSlug, problem, problemOf, slugOf } from "../../src/api/contract/index.ts";

/** The published contract: slugs and statuses that clients rely on. Changing a line here breaks them. */
const PUBLISHED: Readonly<Record<ProblemSlug, number>> = {
  "invalid-request": 400,
  unauthorized: 401,
  forbidden: 403,
  "not-found": 404,
  "method-not-allowed": 405,
  "insufficient-stock": 409,
  "reservation-expired": 409,
  "reservation-released": 409,
  conflict: 409,
  "payload-too-large": 413,
  "unsupported-media-type": 415,
  "idempotency-key-reused": 422,
  "too-many-requests": 429,
  "internal-error": 500,
  "outcome-unknown": 503,
  "not-ready": 503,
};

const PAGES = new URL("../../docs/errors/", import.meta.url);
const page = (name: string): string => readFileSync(new URL(name, PAGES), "utf8");

describe("the table of problems", () => {
  it("has the published slugs and statuses", () => {
    expect(Object.fromEntries(PROBLEM_SLUGS.map((slug) => [slug, PROBLEMS[slug].status]))).toEqual(PUBLISHED);
  });

  it("has one page for every slug, and no page without a slug", () => {
    const pages = readdirSync(PAGES).filter((name) => name !== "README.md");
    expect(pages.sort()).toEqual(PROBLEM_SLUGS.map((slug) => `${slug}.md`).sort());
  });

  it.each(PROBLEM_SLUGS)("says type, status and title of %s on its page and in the list", (slug) => {
    const { status, title } = PROBLEMS[slug];
    expect(page(`${slug}.md`)).toContain(`\`urn:stockgrid:problem:${slug}\`, status ${status}: ${title}\n`);
    expect(page("README.md")).toContain(`| [${slug}](${slug}.md) | ${status} | ${title} |`);
  });
});

describe("a problem", () => {
  it("carries its slug in its type", () => {
    expect(slugOf(problem("conflict", "why"))).toBe("conflict");
    expect(problem("conflict", "why")).toEqual({
      type: "urn:stockgrid:problem:conflict",
      title: "The state does not allow this",
      status: 409,
      detail: "why",
    });
  });

  it.each([
    [0, 1],
    [1, 1],
    [1_000, 1],
    [1_001, 2],
    [60_000, 60],
  ])("of a fault to be retried after %i ms says %i s", (retryAfterMs, seconds) => {
    const fault = { kind: "fault", code: "too-many-requests", retryAfterMs, detail: "full" } as const;
    expect(problemOf(fault)).toMatchObject({ status: 429, detail: "full", retryAfterSeconds: seconds });
  });

  it("of a movement beyond what can be counted is a conflict", () => {
    expect(slugOf(problemOf({ kind: "level-out-of-range", detail: "too far" }))).toBe("conflict");
  });
});
