/** The six sources of stock events, each with its forms and a pure interpreter. */
export { ECOMMERCE_FORMS } from "./ecommerce.ts";
export { EPCIS_EVENTS, EpcisDocument, EpcisQueryDocument } from "./epcis-form.ts";
export { interpret } from "./interpret.ts";
export {
  type CodedItem,
  type Codes,
  type Interpretation,
  isSource,
  type MovementParser,
  type Signal,
  SOURCES,
  type Source,
  type SourceContext,
  type SourceEvent,
} from "./interpretation.ts";
export { readTime } from "./local-time.ts";
export { PoslogSchema } from "./pos-form.ts";
export { RETURNS_FORMS } from "./returns.ts";
export { movementOf, type SourceMovement } from "./source-movement.ts";
export { SUPPLIER_FORMS } from "./supplier.ts";
export { WMS_FORMS } from "./wms.ts";
