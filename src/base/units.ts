/** Quantities: whole units of the smallest sellable size, and the bounds that keep their sums exact. */

/** Largest quantity a request may carry: 2^31 - 1 units. */
export const QUANTITY_MAX = 2_147_483_647;

/** Largest absolute stock level a record may reach; sums of six such levels stay exact in a double. */
export const LEVEL_MAX = 2 ** 50;
