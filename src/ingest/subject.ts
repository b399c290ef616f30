/** Subjects of the inbound stream: `stock.ingest.<source>.<location>`, and tokens as the feed writes them. */

const SUBJECT_TOKENS = 4;
/** Characters that NATS tokens cannot hold, and those that would end them. */
const UNSAFE = /[.*>%\s\p{Cc}]|[^\x20-\x7e]/gu;
const NONE = "-";

export type Place =
  | { readonly ok: true; readonly source: string; readonly location: string }
  | { readonly ok: false; readonly source: string; readonly reason: string };

export function placeOf(subject: string): Place {
  const tokens = subject.split(".");
  const [, , source = "", token = ""] = tokens;
  if (tokens.length !== SUBJECT_TOKENS)
    return { ok: false, source, reason: "the subject must be stock.ingest.<source>.<location>" };
  const location = decoded(token);
  if (location !== undefined) return { ok: true, source, location };
  return { ok: false, source, reason: "the location in the subject is not percent-encoded UTF-8" };
}

/** A text as one token; `-` for an empty one. */
export function subjectToken(text: string): string {
  const token = text.toWellFormed().replace(UNSAFE, encodeFully);
  return token === "" ? NONE : token;
}

/** `encodeURIComponent` leaves `.` and `*` alone. */
function encodeFully(character: string): string {
  const encoded = encodeURIComponent(character);
  if (encoded !== character) return encoded;
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

function decoded(token: string): string | undefined {
  try {
    return decodeURIComponent(token);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}
