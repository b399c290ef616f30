/** Peer (a): a Fastify route with the grid's schema and payload and a static answer. The most any Fastify service could do. */

import { type HoldAnswer, heldAnswer, newReservationId, reservationApp, servePeer } from "./reservation-route.ts";

const request = { sku: "BENCH-0", location: "BENCH", quantity: 1, ttlSeconds: 900 };
const answer: HoldAnswer = heldAnswer(newReservationId(), request, Date.now());

await servePeer(reservationApp(() => answer));
