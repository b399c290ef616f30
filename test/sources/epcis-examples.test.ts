/** The official examples of EPCIS 2.0, and those of OpenEPCIS: each is accepted, what is meant to be refused is refused. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { linesOf, sharedFolder } from "../support/shared-data.ts";
import { brief, read } from "./context.ts";

describe("the examples of GS1 and OpenEPCIS", () => {
  it("are accepted or refused as GS1's own schema has it", (context) => {
    const folder = sharedFolder(context, "gs1-epcis");
    const rows = linesOf(join(folder, "schema_verdicts.csv")).slice(1);
    expect(rows.length).toBe(35);
    for (const row of rows) {
      const [file = "", valid] = row.split(",");
      const given: unknown = JSON.parse(readFileSync(join(folder, file), "utf8"));
      const result = read("rfid", given, { location: "store-1" });
      expect(result.kind, `${file}: ${brief(result).join("; ")}`).toBe(valid === "true" ? "understood" : "problem");
    }
    expect(readdirSync(join(folder, "openepcis/invalid")).length).toBe(4);
  });

  it.for<[string, readonly string[]]>([
    ["Example_9.6.1-ObjectEvent.jsonld", ["ship 10614141073464 0614141073467 2", "receipt 10614141073464 0012345111112 1"]],
    [
      "WithDigitalLinkID/Example_9.6.1-ObjectEventWithDigitalLink.jsonld",
      ["ship 70614141123451 0614141073467 2", "receipt 70614141123451 0012345111112 1"],
    ],
    ["Example_9.6.2-ObjectEvent.jsonld", []],
    [
      "Example_9.6.3-AggregationEvent.jsonld",
      ["receipt 10614141073464 0614141008889 2", "receipt 04012345987652 0614141008889 10"],
    ],
    [
      "WithErrorDeclaration/ErrorDeclarationAndCorrectiveEvent.jsonld",
      [
        ...["void 04012345111118 0614141073467 1", "void 04012345333336 0614141073467 1"],
        ...["adjustment 04012345111118 0614141073467 -1", "adjustment 04012345333336 0614141073467 1"],
      ],
    ],
    ["AssociationEvent/AssociationEvent-a.jsonld", []],
  ])("%s moves %j", ([file, wanted], context) => {
    const given: unknown = JSON.parse(readFileSync(join(sharedFolder(context, "gs1-epcis"), "examples", file), "utf8"));
    expect(brief(read("rfid", given, { location: "store-1" }))).toEqual(wanted);
  });
});

describe("the X12 examples", () => {
  it.for<[string, "understood" | "problem"]>([
    ["x12-types/004060_856.edi", "understood"],
    // Its invented EAN have wrong check digits.
    ["ediengine/856.Crossdock.OK.edi", "problem"],
    ["ediengine/ControlNumbersMismatch.edi", "problem"],
    ["ediengine/940_Failed_SE01.edi", "problem"],
    ["ediengine/850.OK.edi", "problem"],
  ])("%s: %s", ([file, wanted], context) => {
    const text = readFileSync(join(sharedFolder(context, "edi-x12"), file), "utf8");
    const result = read("supplier", text, { location: "dc-1", places: { "0001": "dc-1" } });
    expect(result.kind, brief(result).join("; ")).toBe(wanted);
  });
});
