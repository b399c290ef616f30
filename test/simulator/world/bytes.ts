/** A copy that shares no memory. (`slice` of a Buffer does share.) */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
