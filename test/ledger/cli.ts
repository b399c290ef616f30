/** `npm run ledger:orders [orders] [seed]`: random orders of arrival, 100,000 unless said; stops at the first that ends in another record. */

import { checkSeed } from "./orders.ts";

const ORDERS_DEFAULT = 100_000;
const ORDERS_A_SET = 20;
const SETS_A_LINE = 500;

const [orders = ORDERS_DEFAULT, first = 1] = process.argv.slice(2).map(Number);
const sets = Math.ceil(orders / ORDERS_A_SET);
let pending = 0;
for (let seed = first; seed < first + sets; seed++) {
  const checked = checkSeed(seed, ORDERS_A_SET);
  if (checked.failure !== undefined) {
    process.stderr.write(`seed ${seed}: ${checked.failure}\nagain: npm run ledger:orders -- ${ORDERS_A_SET} ${seed}\n`);
    process.exit(1);
  }
  pending += checked.pending;
  if ((seed - first + 1) % SETS_A_LINE === 0) process.stdout.write(`${(seed - first + 1) * ORDERS_A_SET} orders alike\n`);
}
process.stdout.write(
  `${sets * ORDERS_A_SET} orders of ${sets} sets: every set came to one record; ${pending} answers were pending\n`,
);
