/** What members share in NATS: key-value buckets. */
export { UnsuitableBucket } from "./bucket-stream.ts";
export { UnknownOutcome } from "./bucket-writer.ts";
export { type OpenKeyValue, openKeyValue } from "./open-key-value.ts";
