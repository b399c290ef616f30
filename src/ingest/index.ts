/** The inbound stream: events that point of sale, warehouse and the other sources send, and the streams of what becomes of some. */
export { DEADLETTER_STREAM, DeadLetterStream } from "./dead-letter-stream.ts";
export { INGEST_RESULTS, type Ingest, type IngestOptions, type IngestResult, type IngestStats, startIngest } from "./ingest.ts";
export { SIGNAL_STREAM, SignalStream } from "./signal-stream.ts";
export { INGEST_CONSUMER, INGEST_STREAM, UnsuitableIngestStream } from "./stream.ts";
