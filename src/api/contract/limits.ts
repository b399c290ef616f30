/** Named bounds of the public contract, in one place for schemas, parsers and documentation. */

export const RESERVATION_LINES_MAX = 500;
/** Seconds. */
export const TTL_SECONDS_MAX = 604_800;
export const TTL_SECONDS_DEFAULT = 900;
export const MOVEMENTS_MAX = 10_000;
/** Events of one batch. */
export const INGEST_ITEMS_MAX = 10_000;
/** Of one NDJSON request: events, bytes of one, and bytes in all. */
export const INGEST_LINES_MAX = 100_000;
export const INGEST_LINE_BYTES_MAX = 1_048_576;
export const INGEST_STREAM_BYTES_MAX = 67_108_864;
export const AVAILABILITY_SKUS_MAX = 1_000;
export const AVAILABILITY_LOCATIONS_MAX = 1_000;
/** Items of one page of a list. */
export const PAGE_ITEMS_MAX = 1_000;
export const PAGE_ITEMS_DEFAULT = 100;
export { KEY_LENGTH_MAX, TEXT_LENGTH_MAX } from "../../forms/index.ts";
/** Code units of a location's attributes as JSON text, and levels of nesting. */
export const ATTRIBUTES_LENGTH_MAX = 16_384;
export const ATTRIBUTES_DEPTH_MAX = 16;
