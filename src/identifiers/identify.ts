/** Reads a URI of GS1, or of anybody, into what it names. */

import { isWebUri, parseDigitalLink } from "./digital-link.ts";
import { isEpcUri, parseEpcUri } from "./epc-uri.ts";
import { type Identified, malformed } from "./identifier.ts";

const LENGTH_MAX = 1_024;
const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\S+$/;

/** EPC URIs and GS1 Digital Links by their rules; any other URI is `other`, by its scheme. O(length), at most 1,024 characters. */
export function identify(uri: string): Identified {
  if (uri.length > LENGTH_MAX) return malformed(`must have at most ${LENGTH_MAX} characters`);
  if (isEpcUri(uri)) return parseEpcUri(uri);
  if (isWebUri(uri)) return parseDigitalLink(uri);
  const scheme = SCHEME.exec(uri)?.[1];
  return scheme === undefined ? malformed("must be a URI") : { kind: "other", scheme, value: uri };
}
