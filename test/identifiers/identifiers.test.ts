/** Check digits, EPC URIs and Digital Links, by tables of our own and by the vectors of GS1's and OpenEPCIS's tests. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkDigitOf, gtin14Of, hasCheckDigit, identify, isGln, isSscc } from "../../src/identifiers/index.ts";
import { propertySettings } from "../fast-check.ts";
import { linesOf, sharedFolder } from "../support/shared-data.ts";

describe("a check digit", () => {
  it.each([
    ["0234567", "3"],
    ["41600033610", "8"],
    ["123456789012", "8"],
    ["0614141073467".slice(0, 12), "7"],
    ["10614141234567890", "8"],
  ])("of %s is %s", (body, digit) => expect(checkDigitOf(body)).toBe(digit));

  it.each(["", "12a", " 1", "١٢"])("of %j is none", (body) => expect(checkDigitOf(body)).toBeUndefined());

  it("of any digits makes them right, and no other digit does", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{7,17}$/), fc.integer({ min: 1, max: 9 }), (body, off) => {
        const digit = Number(checkDigitOf(body));
        expect(hasCheckDigit(`${body}${digit}`)).toBe(true);
        expect(hasCheckDigit(`${body}${(digit + off) % 10}`)).toBe(false);
      }),
      propertySettings(500),
    );
  });

  it("is judged as the linter of GS1 judges it", (context) => {
    const folder = sharedFolder(context, "gs1-identifiers");
    const rows = linesOf(join(folder, "check_digit_vectors.csv")).slice(1);
    expect(rows.length).toBe(14);
    for (const row of rows) {
      const [, value = "", valid] = /^"(.*)",(true|false),/.exec(row) ?? [];
      expect(hasCheckDigit(value), row).toBe(valid === "true");
    }
  });
});

describe("a GTIN", () => {
  it.each([
    ["02345673", "00000002345673"],
    ["416000336108", "00416000336108"],
    ["1234567890128", "01234567890128"],
    ["12345678901231", "12345678901231"],
  ])("%s has the normal form %s", (text, gtin) => expect(gtin14Of(text)).toBe(gtin));

  it.each(["12345673", "234567", "123456789012345675", "", "0234567a"])("is not %j", (text) =>
    expect(gtin14Of(text)).toBeUndefined(),
  );

  it("is not confused with a GLN or an SSCC", () => {
    expect([isGln("0614141073467"), isGln("614141073467"), isSscc("106141412345678908"), isSscc("106141412345678909")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });
});

describe("a URI", () => {
  it.each<[string, object]>([
    ["urn:epc:id:sgtin:0614141.107346.2017", { kind: "gtin", gtin: "10614141073464", serial: "2017" }],
    ["urn:epc:id:sgtin:0614141.712345.32a%2Fb", { kind: "gtin", gtin: "70614141123451", serial: "32a/b" }],
    ["urn:epc:id:sgtin:0614141.712345.a.b", { kind: "gtin", gtin: "70614141123451", serial: "a.b" }],
    ["urn:epc:idpat:sgtin:4012345.098765.*", { kind: "gtin", gtin: "04012345987652" }],
    ["urn:epc:class:lgtin:4012345.012345.998877", { kind: "gtin", gtin: "04012345123456", lot: "998877" }],
    ["urn:epc:id:sgln:0614141.07346.1234", { kind: "gln", gln: "0614141073467", extension: "1234" }],
    ["urn:epc:id:sgln:0614141.07346.0", { kind: "gln", gln: "0614141073467" }],
    ["urn:epc:id:sscc:0614141.1234567890", { kind: "sscc", sscc: "106141412345678908" }],
    ["urn:epc:id:grai:4012345.55555.987", { kind: "other", scheme: "grai" }],
    ["urn:epc:id:giai:4000001.12345", { kind: "other", scheme: "giai" }],
    [
      "https://id.gs1.org/01/09520123456788/10/ABC1/21/12345?17=180426",
      {
        ...{ kind: "gtin", gtin: "09520123456788", lot: "ABC1", serial: "12345", expiry: "2018-04-26" },
      },
    ],
    ["https://shop.example/a/b/01/9520123456788?17=240200", { kind: "gtin", gtin: "09520123456788", expiry: "2024-02-29" }],
    ["https://id.gs1.org/414/0614141073467/254/1234", { kind: "gln", gln: "0614141073467", extension: "1234" }],
    ["https://id.gs1.org/00/106141412345678908", { kind: "sscc", sscc: "106141412345678908" }],
    ["https://id.example.com/8003/040123450007718765", { kind: "other", scheme: "8003" }],
    ["https://example.com/products/42", { kind: "other", scheme: "uri" }],
    ["geo:42.698334,23.319941", { kind: "other", scheme: "geo" }],
    ["urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", { kind: "other", scheme: "urn" }],
  ])("%s is read", (uri, wanted) => expect(identify(uri)).toMatchObject(wanted));

  it.each([
    "urn:epc:id:sgtin:0614141.10734.2017",
    "urn:epc:id:sgtin:0614141.107346",
    "urn:epc:id:sgtin:0614141.107346.",
    "urn:epc:id:sgtin:06141.10734612.1",
    `urn:epc:id:sgtin:0614141.107346.${"9".repeat(21)}`,
    "urn:epc:idpat:sgtin:4012345.*.*",
    "urn:epc:class:lgtin:4012345.012345",
    "urn:epc:id:sscc:0614141.123456789",
    "urn:epc:id:sgln:0614141.0734a.0",
    "urn:epc:tag:sgtin-96:3.0614141.812345.6789",
    "https://id.gs1.org/01/09520123456789",
    "https://id.gs1.org/01/09520123456788?17=241301",
    "https://id.gs1.org/00/106141412345678909",
    "https://id.gs1.org/01/%ZZ",
    "no uri",
    "",
    `https://a/${"x".repeat(2_000)}`,
  ])("%s is refused with the reason", (uri) =>
    expect(identify(uri)).toMatchObject({ kind: "malformed", message: expect.stringMatching(/^must /) }),
  );
});

interface Pair {
  readonly op: string;
  readonly input: string;
  readonly expect: string;
}

interface Vector {
  readonly test: string;
  readonly should_succeed: boolean;
  readonly args: readonly string[];
  readonly expect: string;
}

describe("the vectors of others", () => {
  it("an EPC URI names what the Digital Link names that OpenEPCIS makes of it", (context) => {
    const folder = sharedFolder(context, "gs1-identifiers");
    const pairs = linesOf(join(folder, "epc_urn_digital_link_pairs.jsonl")).map((line) => JSON.parse(line) as Pair);
    let compared = 0;
    for (const { op, input, expect: wanted } of pairs) {
      if (!op.startsWith("toURI") || !wanted.startsWith("http")) continue;
      const [urn, link] = [identify(input), identify(wanted)];
      // Lots and serials with characters that a path cannot hold are not encoded there.
      if (link.kind === "other" || link.kind === "malformed") continue;
      expect(urn, input).toEqual(link);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(10);
  });

  it("a tag's element string, EPC URI and key agree (EPC Tag Data Standard, table E.3)", (context) => {
    const folder = sharedFolder(context, "gs1-identifiers");
    const rows = JSON.parse(readFileSync(join(folder, "epc_tag_vectors.json"), "utf8")) as Record<string, string>[];
    for (const { gs1_element_string = "", epc_uri = "" } of rows) {
      const key = /^\((00|01|414)\) (\d+)/.exec(gs1_element_string);
      const read = identify(epc_uri);
      if (key === null) expect(read.kind, epc_uri).toBe("other");
      else expect(Object.values(read), epc_uri).toContain(key[2]);
    }
  });

  it("a Digital Link of GTIN, SSCC or GLN has the key that GS1's engine finds in it", (context) => {
    const folder = sharedFolder(context, "gs1-identifiers");
    const vectors = linesOf(join(folder, "ai_and_digital_link_vectors.jsonl")).map((line) => JSON.parse(line) as Vector);
    let compared = 0;
    for (const { test, should_succeed, args, expect: wanted } of vectors) {
      if (test !== "parseDLuri" || !should_succeed) continue;
      const key = /\^(?:(01)(\d{14})|(00)(\d{18})|(414)(\d{13}))/.exec(wanted);
      if (key === null || (!wanted.includes("^0") && !wanted.includes("^414"))) continue;
      if (/\/(?:8\d{3}|253|255)\//.test(args[0] as string)) continue;
      const read = identify(args[0] as string);
      expect(Object.values(read), args[0]).toContain(key[2] ?? key[4] ?? key[6]);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(25);
  });
});
