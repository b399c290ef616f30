/**
 * Peer (d): Fastify and PostgreSQL, a hold in one statement. Arguments: socket folder, SKU prefix, number of SKUs.
 * The update is the check; the reservation is inserted by the same statement; `synchronous_commit` stays on.
 */

import { Pool } from "pg";
import { heldAnswer, newReservationId, reservationApp, servePeer } from "./reservation-route.ts";

const TABLES = `
create table stock (sku text, location text, on_hand bigint not null, held bigint not null, primary key (sku, location))
  with (fillfactor = 50);
create table reservation (id text primary key, sku text not null, location text not null, quantity bigint not null,
  expires_at timestamptz not null);
create index on reservation (expires_at);`;

const FILL = "insert into stock select $1 || i, 'BENCH', 1000000000, 0 from generate_series(0, $2::int - 1) i";

const HOLD = `
with taken as (
  update stock set held = held + $4 where sku = $2 and location = $3 and on_hand - held >= $4 returning sku
)
insert into reservation select $1, sku, $3, $4, to_timestamp($5) from taken`;

const CONNECTIONS = 32;
const [host = "", prefix = "", skus = "1"] = process.argv.slice(2);
const pool = new Pool({ host, user: "postgres", database: "postgres", max: CONNECTIONS });
await pool.query(TABLES);
await pool.query(FILL, [prefix, Number(skus)]);

const app = reservationApp(async (request) => {
  const id = newReservationId();
  const now = Date.now();
  const values = [id, request.sku, request.location, request.quantity, now / 1000 + request.ttlSeconds];
  const { rowCount } = await pool.query({ name: "hold", text: HOLD, values });
  return rowCount === 1 ? heldAnswer(id, request, now) : undefined;
});
await servePeer(app);
