/** A datagram between members: the lane of the sender, then messages, each with its length in front. */

const LENGTH_BYTES = 4;
const LANE_LENGTH_BYTES = 2;

const decoder = new TextDecoder();

/** Bytes that framed messages may take in a datagram of `datagramBytesMax`. */
export function framesBytesMax(datagramBytesMax: number, laneBytes: number): number {
  return datagramBytesMax - LANE_LENGTH_BYTES - laneBytes;
}

/** Largest message that fits, framed, into `framesBytes`. */
export function messageBytesMax(framesBytes: number): number {
  return framesBytes - LENGTH_BYTES;
}

/** Bytes that a message takes in a datagram. */
export function framedBytes(message: Uint8Array): number {
  return LENGTH_BYTES + message.length;
}

/** Fresh bytes in a buffer of their own. */
export function packFrames(lane: Uint8Array, messages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = LANE_LENGTH_BYTES + lane.length;
  for (const message of messages) size += framedBytes(message);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, lane.length);
  bytes.set(lane, LANE_LENGTH_BYTES);
  let at = LANE_LENGTH_BYTES + lane.length;
  for (const message of messages) {
    view.setUint32(at, message.length);
    bytes.set(message, at + LENGTH_BYTES);
    at += framedBytes(message);
  }
  return bytes;
}

/** Gives each message as a part of `datagram`. False, with nothing given, when it is not one. */
export function unpackFrames(datagram: Uint8Array, onMessage: (lane: string, message: Uint8Array) => void): boolean {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const start = wellFormedFrom(view);
  if (start === undefined) return false;
  const lane = decoder.decode(datagram.subarray(LANE_LENGTH_BYTES, start));
  for (let at = start; at < datagram.length; ) {
    const end = at + LENGTH_BYTES + view.getUint32(at);
    onMessage(lane, datagram.subarray(at + LENGTH_BYTES, end));
    at = end;
  }
  return true;
}

/** Where the messages begin, undefined when lengths do not add up. */
function wellFormedFrom(view: DataView): number | undefined {
  if (view.byteLength < LANE_LENGTH_BYTES) return undefined;
  const start = LANE_LENGTH_BYTES + view.getUint16(0);
  let at = start;
  while (at + LENGTH_BYTES <= view.byteLength) at += LENGTH_BYTES + view.getUint32(at);
  return at === view.byteLength ? start : undefined;
}
