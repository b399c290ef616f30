import { describe, expect, it } from "vitest";
import { httpRequest, natsRequest } from "../../bench/lib/fuzz-requests.ts";
import { seededRandom } from "../../bench/lib/mutate.ts";

describe("wrong requests", () => {
  it("are the same for the same seed", () => {
    const made = (seed: number): string[] => {
      const random = seededRandom(seed);
      return Array.from({ length: 200 }, () => httpRequest(random, "h").toString("latin1") + natsRequest(random).subject);
    };
    expect(made(7)).toEqual(made(7));
    expect(made(7)).not.toEqual(made(8));
  });

  it("over HTTP are framed by their length, so that the next one on the connection is not damaged", () => {
    const random = seededRandom(3);
    for (let i = 0; i < 2000; i++) {
      const request = httpRequest(random, "h");
      const headEnd = request.indexOf("\r\n\r\n");
      const length = /content-length: (\d+)/i.exec(request.toString("latin1", 0, headEnd))?.[1];
      expect(request.length - headEnd - 4).toBe(Number(length));
    }
  });

  it("never name stock that exists", () => {
    const random = seededRandom(5);
    for (let i = 0; i < 2000; i++) expect(httpRequest(random, "h").includes("BENCH")).toBe(false);
  });
});
