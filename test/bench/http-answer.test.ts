import { describe, expect, it } from "vitest";
import { readAnswer } from "../../src/loadgen/http-answer.ts";
import { outcomeOf } from "../../src/loadgen/index.ts";

const answer = (text: string): ReturnType<typeof readAnswer> => readAnswer(Buffer.from(text));

describe("reading an HTTP answer", () => {
  it("waits for the whole body", () => {
    const whole = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello";
    for (let length = 0; length < whole.length; length++) expect(answer(whole.slice(0, length))).toBeUndefined();
    expect(answer(whole)).toMatchObject({ status: 201, hasRetryAfter: false, closes: false });
    expect(answer(whole)?.body.toString()).toBe("hello");
  });

  it("reads chunks", () => {
    const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(answer(`${head}5\r\nhello\r\n`)).toBeUndefined();
    expect(answer(`${head}5\r\nhello\r\n0\r\n\r\n`)?.status).toBe(200);
  });

  it("sees Retry-After and a closing connection", () => {
    const refusal = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    expect(answer(refusal)).toMatchObject({ status: 503, hasRetryAfter: true, closes: true });
  });

  it("throws on what is no HTTP", () => {
    expect(() => answer("SSH-2.0-OpenSSH\r\n\r\n")).toThrow("HTTP/1.1");
  });
});

describe("the outcome of a request", () => {
  it.each([
    [201, false, "accepted"],
    [429, true, "refused"],
    [503, true, "refused"],
    [503, false, "failed"],
    [409, false, "rejected"],
    [500, false, "failed"],
  ] as const)("status %i with Retry-After %s is %s", (status, hasRetryAfter, outcome) => {
    expect(outcomeOf(status, hasRetryAfter)).toBe(outcome);
  });
});
