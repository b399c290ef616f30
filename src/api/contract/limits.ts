/** Named bounds of the public contract, in one place for schemas, parsers and documentation. */

export const RESERVATION_LINES_MAX = 500;
/** Seconds. */
export const TTL_SECONDS_MAX = 604_800;
export const TTL_SECONDS_DEFAULT = 900;
export const MOVEMENTS_MAX = 10_000;
export const AVAILABILITY_SKUS_MAX = 1_000;
export const AVAILABILITY_LOCATIONS_MAX = 1_000;
/** Items of one page of a list. */
export const PAGE_ITEMS_MAX = 1_000;
export const PAGE_ITEMS_DEFAULT = 100;
export { KEY_LENGTH_MAX, TEXT_LENGTH_MAX } from "../../forms/index.ts";
/** Code units of a location's attributes as JSON text, and levels of nesting. */
export const ATTRIBUTES_LENGTH_MAX = 16_384;
export const ATTRIBUTES_DEPTH_MAX = 16;
