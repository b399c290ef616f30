/** Server-sent events from the bytes of a response: the parts of the format that StockGrid sends. */

export interface ServerSentEvent {
  /** Resumes after it; empty when the event has none. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Longest event kept, in characters: a server that never ends a line must not fill our memory. */
const EVENT_CHARACTERS_MAX = 4_194_304;

/** Events in order. Throws when one is longer than 4 Mi characters. An event cut off by the end of the stream is dropped. */
export async function* serverSentEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true }).replaceAll("\r\n", "\n");
    const blocks = rest.split("\n\n");
    rest = blocks.pop() ?? "";
    if (rest.length > EVENT_CHARACTERS_MAX) throw new Error("the server sent an event without end");
    for (const block of blocks) {
      const event = eventOf(block);
      if (event !== undefined) yield event;
    }
  }
}

function eventOf(block: string): ServerSentEvent | undefined {
  const fields = { id: "", event: "message", data: [] as string[] };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const value = line.slice(colon + 1).replace(/^ /, "");
    const name = line.slice(0, colon);
    if (name === "data") fields.data.push(value);
    else if (name === "id") fields.id = value;
    else if (name === "event") fields.event = value;
  }
  return fields.data.length === 0 ? undefined : { ...fields, data: fields.data.join("\n") };
}
