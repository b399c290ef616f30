/** What Fastify and Node refuse on their own, in the words of the contract. */

import type { FastifyError } from "fastify";
import { invalidRequest, type Problem, problem } from "../contract/index.ts";

/** By code of Fastify; what is not listed is judged by its status. */
const BY_CODE: Readonly<Record<string, () => Problem>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => problem("payload-too-large", "the body has more bytes than this operation takes"),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => problem("unsupported-media-type"),
  FST_ERR_BAD_URL: () => invalidRequest([{ path: "path", message: "must be percent-encoded UTF-8" }]),
  FST_ERR_MAX_PARAM_LENGTH: () => invalidRequest([{ path: "path", message: "must not have a part that is longer than any id" }]),
};

/** A problem for the caller's own mistakes; undefined when the server itself failed. */
export function problemOfError(error: FastifyError): Problem | undefined {
  const known = BY_CODE[error.code]?.();
  if (known !== undefined) return known;
  const status = error.statusCode ?? 500;
  if (status === 413) return problem("payload-too-large");
  if (status >= 400 && status < 500) return invalidRequest([{ path: "", message: `cannot be read: ${error.message}` }]);
  return undefined;
}

/** For bytes that are no HTTP request. */
export function problemOfClientError(code: string | undefined): Problem {
  switch (code) {
    case "HPE_HEADER_OVERFLOW":
      return invalidRequest([{ path: "headers", message: "must not have more bytes in all than the server takes" }]);
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return invalidRequest([{ path: "request", message: "must arrive in time" }]);
    default:
      return invalidRequest([{ path: "request", message: "must be HTTP/1.1" }]);
  }
}
