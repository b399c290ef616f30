/** The load that every benchmark of reservations shares, so that all contenders do the same work. */

import type { ReservationLoad } from "../../src/loadgen/index.ts";

const TTL_SECONDS = 900;

export const MANY_SKUS: ReservationLoad = { skuPrefix: "BENCH-", skus: 10_000, location: "BENCH", ttlSeconds: TTL_SECONDS };
/** The first of the many, alone. */
export const ONE_HOT_SKU: ReservationLoad = { ...MANY_SKUS, skus: 1 };

/** Units received of each SKU before the load: never runs out. */
export const UNITS_A_SKU = 1_000_000_000;
