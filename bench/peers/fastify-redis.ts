/**
 * Peer (c): Fastify and a Lua script that holds stock in Redis. Arguments: unix socket, SKU prefix, number of SKUs.
 * One script call a reservation: check, hold, store the reservation, index its expiry; as a shop would write it by hand.
 */

import { Redis } from "ioredis";
import { heldAnswer, newReservationId, reservationApp, servePeer } from "./reservation-route.ts";

const HOLD = `
local levels = redis.call('HMGET', KEYS[1], 'onHand', 'held')
local quantity = tonumber(ARGV[1])
if not levels[1] or tonumber(levels[1]) - tonumber(levels[2]) < quantity then return 0 end
redis.call('HINCRBY', KEYS[1], 'held', quantity)
redis.call('HSET', KEYS[2], 'stock', KEYS[1], 'quantity', quantity, 'expiresAt', ARGV[2])
redis.call('ZADD', KEYS[3], ARGV[2], KEYS[2])
return 1`;

const UNITS = 1_000_000_000;
const [socket = "", prefix = "", skus = "1"] = process.argv.slice(2);
// Auto-pipelining sends the commands of one turn of the event loop together: Redis syncs once for all of them.
const redis = new Redis({ path: socket, enableAutoPipelining: true });
const sha = (await redis.script("LOAD", HOLD)) as string;

for (let i = 0; i < Number(skus); i++) void redis.hset(`stock:${prefix}${i}:BENCH`, "onHand", UNITS, "held", 0);
await redis.ping();

const app = reservationApp(async (request) => {
  const id = newReservationId();
  const now = Date.now();
  const stock = `stock:${request.sku}:${request.location}`;
  const expiresAt = now + request.ttlSeconds * 1000;
  const held = await redis.evalsha(sha, 3, stock, `reservation:${id}`, "due", request.quantity, expiresAt);
  return held === 1 ? heldAnswer(id, request, now) : undefined;
});
await servePeer(app);
