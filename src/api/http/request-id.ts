/** Request ids: the caller's when it is sane, else a count with a prefix of this process. */

import { randomBytes } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

const SANE = /^[A-Za-z0-9_.:-]{1,64}$/;

export function requestIds(): (request: { readonly headers: IncomingHttpHeaders }) => string {
  const prefix = `${randomBytes(6).toString("base64url")}-`;
  let count = 0;
  return (request) => {
    const given = request.headers["x-request-id"];
    if (typeof given === "string" && SANE.test(given)) return given;
    count++;
    return prefix + count.toString(36);
  };
}
