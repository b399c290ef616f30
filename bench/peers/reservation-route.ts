/** What all peers over HTTP share with the grid: body schema, response schema and shape. */

import { randomBytes } from "node:crypto";
import Fastify, { type FastifyInstance } from "fastify";

export interface HoldRequest {
  readonly sku: string;
  readonly location: string;
  readonly quantity: number;
  readonly ttlSeconds: number;
  readonly reference?: string;
  readonly channel?: string;
}

export interface HoldAnswer {
  readonly id: string;
  readonly status: "held";
  readonly lines: readonly {
    readonly sku: string;
    readonly location: string;
    readonly requested: number;
    readonly quantity: number;
    readonly held: number;
    readonly allocated: number;
    readonly fulfilled: number;
  }[];
  readonly createdAt: string;
  readonly expiresAt: string;
}

const id = { type: "string", minLength: 1, maxLength: 64 } as const;
const units = { type: "integer", minimum: 0, maximum: 2_147_483_647 } as const;
const time = { type: "string" } as const;

const body = {
  type: "object",
  required: ["sku", "location", "quantity"],
  additionalProperties: false,
  properties: {
    sku: id,
    location: id,
    quantity: { ...units, minimum: 1 },
    ttlSeconds: { type: "integer", minimum: 1, maximum: 604_800, default: 900 },
    reference: { type: "string", maxLength: 255 },
    channel: { type: "string", maxLength: 255 },
  },
} as const;

const line = {
  type: "object",
  properties: { sku: id, location: id, requested: units, quantity: units, held: units, allocated: units, fulfilled: units },
} as const;

const reservation = {
  type: "object",
  properties: {
    id: { type: "string" },
    status: { type: "string" },
    lines: { type: "array", items: line },
    createdAt: time,
    expiresAt: time,
  },
} as const;

const problem = { type: "object", properties: { type: { type: "string" }, title: { type: "string" }, status: units } } as const;

const CREATED = 201;
const CONFLICT = 409;

/** An app with `POST /v1/reservations`; `hold` resolves to the answer, or to undefined when there is not enough stock. */
export function reservationApp(hold: (request: HoldRequest) => Promise<HoldAnswer | undefined> | HoldAnswer): FastifyInstance {
  const app = Fastify({ logger: false, ajv: { customOptions: { coerceTypes: false } } });
  const schema = { body, response: { [CREATED]: reservation, [CONFLICT]: problem } };
  app.post<{ Body: HoldRequest }>("/v1/reservations", { schema }, async (request, reply) => {
    const answer = await hold(request.body);
    if (answer !== undefined) return reply.code(CREATED).send(answer);
    return reply
      .code(CONFLICT)
      .send({ type: "urn:stockgrid:problem:insufficient-stock", title: "Insufficient stock", status: CONFLICT });
  });
  return app;
}

export function newReservationId(): string {
  return randomBytes(12).toString("hex");
}

export function heldAnswer(reservationId: string, request: HoldRequest, now: number): HoldAnswer {
  const { sku, location, quantity } = request;
  return {
    id: reservationId,
    status: "held",
    lines: [{ sku, location, requested: quantity, quantity, held: quantity, allocated: 0, fulfilled: 0 }],
    createdAt: new Date(now).toISOString(),
    expiresAt: new Date(now + request.ttlSeconds * 1000).toISOString(),
  };
}

/** Listens on a free port, tells the parent where, and ends when the parent does. */
export async function servePeer(app: FastifyInstance): Promise<void> {
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  process.on("disconnect", () => process.exit(0));
  process.once("SIGTERM", () => process.exit(0));
  process.send?.({ url });
}
