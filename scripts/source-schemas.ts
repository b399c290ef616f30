/**
 * `node scripts/run.mjs scripts/source-schemas.ts`: writes the JSON schemas of the forms of all sources, beside their pages in docs/sources.
 * A test keeps the files as this makes them.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  ECOMMERCE_FORMS,
  EPCIS_EVENTS,
  EpcisDocument,
  EpcisQueryDocument,
  PoslogSchema,
  RETURNS_FORMS,
  type Source,
  SUPPLIER_FORMS,
  WMS_FORMS,
} from "../src/sources/index.ts";

const FORMS: Readonly<Record<Source, readonly object[]>> = {
  pos: [PoslogSchema],
  ecommerce: Object.values(ECOMMERCE_FORMS),
  wms: Object.values(WMS_FORMS),
  rfid: [EpcisDocument, EpcisQueryDocument, ...Object.values(EPCIS_EVENTS)],
  supplier: Object.values(SUPPLIER_FORMS),
  returns: Object.values(RETURNS_FORMS),
};

/** By the name of the file. */
export function schemaFiles(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(FORMS).map(([source, forms]) => {
      const schema = {
        $schema: "https://json-schema.org/draft/2020-12/schema",
        title: `Forms of the source ${source}`,
        anyOf: forms,
      };
      return [`${source}.schema.json`, `${JSON.stringify(schema, undefined, 1)}\n`] as const;
    }),
  );
}

if (import.meta.main) {
  for (const [name, text] of schemaFiles()) writeFileSync(join(import.meta.dirname, "../docs/sources", name), text);
}
