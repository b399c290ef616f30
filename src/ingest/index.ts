/** The inbound stream: movements that point of sale, warehouse and the other sources send as CloudEvents. */
export type { MovementParser } from "./delivery.ts";
export { INGEST_RESULTS, type Ingest, type IngestOptions, type IngestResult, type IngestStats, startIngest } from "./ingest.ts";
export { INGEST_CONSUMER, INGEST_STREAM, UnsuitableIngestStream } from "./stream.ts";
