/** The schema of a problem, for documentation; {@link Problem} is its type. */

import Type from "typebox";
import { PROBLEM_SLUGS } from "../problems.ts";

export const ProblemSchema = Type.Object(
  {
    type: Type.Enum(PROBLEM_SLUGS.map((slug) => `urn:stockgrid:problem:${slug}`)),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.Optional(Type.String({ description: "The request id, as a URN" })),
    errors: Type.Optional(
      Type.Array(
        Type.Object({ path: Type.String({ description: "JSON pointer into the body, or what else" }), message: Type.String() }),
      ),
    ),
    shortages: Type.Optional(
      Type.Array(
        Type.Object({ sku: Type.String(), location: Type.String(), requested: Type.Integer(), available: Type.Integer() }),
      ),
    ),
    retryAfterSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { title: "Problem (RFC 9457)" },
);
