/** What is strange about a day, with the share of false alarms under control. */
export {
  type Anomaly,
  anomaliesOf,
  type DayFigures,
  type Finding,
  findingsOf,
  USUAL_FALSE_SHARE,
} from "./day.ts";
export {
  ANOMALY_KINDS,
  type AnomalyKind,
  type AsnFigures,
  asnMismatch,
  impossibleSale,
  phantomStock,
  type QuietFigures,
  type ReadFigures,
  type ReturnFigures,
  returnBurst,
  rfidMismatch,
  type SalesFigures,
  type ShrinkageFigures,
  shrinkageDrift,
} from "./detectors.ts";
export { adjustedPValues } from "./false-discovery.ts";
export { binomialLowerTail, demandTail, lossTail } from "./tails.ts";
