/**
 * GS1 EPCIS 2.0 in JSON-LD, as far as stock goes: documents, query documents and single events. Members of others carry a prefix, as the standard demands.
 *
 * What this checks is what GS1's own JSON schema checks of the members that stock looks at; the rest is passed over.
 */

import Type, { type Static } from "typebox";
import { checkOf } from "../forms/index.ts";
import { extensible, LINES_MAX } from "./form.ts";

/** Events of one document. */
export const EVENTS_MAX = 1_000;

const Uri = Type.String({ minLength: 1, maxLength: 1_024 });
const Time = Type.String({ minLength: 1, maxLength: 64, description: "With an offset" });
const Offset = Type.String({ pattern: "^[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00)$", examples: ["+01:00"] });
const Epcs = Type.Array(Uri, { maxItems: LINES_MAX, description: "Each once" });
const Quantities = Type.Array(
  extensible({
    epcClass: Uri,
    quantity: Type.Optional(Type.Number({ minimum: 0, maximum: 2_147_483_647 })),
    uom: Type.Optional(Type.String({ pattern: "^[A-Z0-9]{2,3}$" })),
  }),
  { maxItems: LINES_MAX },
);
const Place = extensible({ id: Uri });
const Sensor = extensible(
  {
    sensorReport: Type.Array(Type.Object({ type: Type.Optional(Uri) }), { minItems: 1, maxItems: LINES_MAX }),
  },
  ["sensorMetadata"],
);

export const ACTIONS = ["ADD", "OBSERVE", "DELETE"] as const;

const ErrorDeclaration = extensible({
  declarationTime: Time,
  reason: Type.Optional(Uri),
  correctiveEventIDs: Type.Optional(Type.Array(Uri, { maxItems: 1_000 })),
});

const shared = {
  eventTime: Time,
  eventTimeZoneOffset: Offset,
  eventID: Type.Optional(Uri),
  recordTime: Type.Optional(Time),
  bizStep: Type.Optional(Uri),
  disposition: Type.Optional(Uri),
  readPoint: Type.Optional(Place),
  bizLocation: Type.Optional(Place),
  bizTransactionList: Type.Optional(
    Type.Array(extensible({ type: Type.Optional(Uri), bizTransaction: Uri }), { maxItems: LINES_MAX }),
  ),
  sensorElementList: Type.Optional(Type.Array(Sensor, { minItems: 1, maxItems: LINES_MAX })),
  errorDeclaration: Type.Optional(ErrorDeclaration),
};
const OTHERS = ["@context", "sourceList", "destinationList", "persistentDisposition", "certificationInfo", "ilmd"];
const action = Type.Enum(ACTIONS);
const optional = { epcs: Type.Optional(Epcs), quantities: Type.Optional(Quantities), uri: Type.Optional(Uri) };

export const EPCIS_EVENTS = {
  ObjectEvent: extensible(
    { type: Type.Literal("ObjectEvent"), ...shared, action, epcList: optional.epcs, quantityList: optional.quantities },
    OTHERS,
  ),
  AggregationEvent: extensible(
    {
      ...{ type: Type.Literal("AggregationEvent"), ...shared, action },
      ...{ parentID: optional.uri, childEPCs: optional.epcs, childQuantityList: optional.quantities },
    },
    OTHERS,
  ),
  TransactionEvent: extensible(
    {
      ...{ type: Type.Literal("TransactionEvent"), ...shared, action, parentID: optional.uri },
      ...{ epcList: optional.epcs, quantityList: optional.quantities },
      bizTransactionList: Type.Array(extensible({ type: Type.Optional(Uri), bizTransaction: Uri }), {
        minItems: 1,
        maxItems: LINES_MAX,
      }),
    },
    OTHERS,
  ),
  TransformationEvent: extensible(
    {
      ...{ type: Type.Literal("TransformationEvent"), ...shared, transformationID: optional.uri },
      ...{ inputEPCList: optional.epcs, inputQuantityList: optional.quantities },
      ...{ outputEPCList: optional.epcs, outputQuantityList: optional.quantities },
    },
    OTHERS,
  ),
  AssociationEvent: extensible(
    {
      ...{ type: Type.Literal("AssociationEvent"), ...shared, action },
      ...{ parentID: optional.uri, childEPCs: optional.epcs, childQuantityList: optional.quantities },
    },
    OTHERS,
  ),
};

export type EpcisEvent = { [Name in keyof typeof EPCIS_EVENTS]: Static<(typeof EPCIS_EVENTS)[Name]> }[keyof typeof EPCIS_EVENTS];
export type EpcisQuantity = Static<typeof Quantities>[number];

export const EVENT_CHECKS = new Map(Object.entries(EPCIS_EVENTS).map(([name, schema]) => [name, checkOf(schema)] as const));

const Events = Type.Array(Type.Unknown(), { minItems: 0, maxItems: EVENTS_MAX });
const head = {
  "@context": Type.Union([Uri, Type.Object({}), Type.Array(Type.Union([Uri, Type.Object({})]), { minItems: 1 })]),
  schemaVersion: Type.String({ pattern: "^2\\.\\d+(\\.\\d+)?$" }),
  creationDate: Time,
};
const HEAD_OTHERS = ["id", "sender", "receiver", "instanceIdentifier", "epcisHeader"];

export const EpcisDocument = extensible(
  { type: Type.Literal("EPCISDocument"), ...head, epcisBody: extensible({ eventList: Events }) },
  HEAD_OTHERS,
);
export const EpcisQueryDocument = extensible(
  {
    ...{ type: Type.Literal("EPCISQueryDocument"), ...head },
    epcisBody: extensible({
      queryResults: extensible({ resultsBody: extensible({ eventList: Events }) }, ["queryName", "subscriptionID"]),
    }),
  },
  HEAD_OTHERS,
);
export const documentCheck = checkOf(EpcisDocument);
export const queryDocumentCheck = checkOf(EpcisQueryDocument);
