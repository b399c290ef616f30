/** An id as a token of a bucket key: every byte outside `A-Z a-z 0-9 _ -` as `=XX`, the rule of all keys of the grid. */

const SAFE = /^[A-Za-z0-9_-]+$/;
const UNSAFE = /[^A-Za-z0-9_-]/gu;

const encoder = new TextEncoder();

export function keyToken(id: string): string {
  return SAFE.test(id) ? id : id.replace(UNSAFE, escapeBytes);
}

function escapeBytes(character: string): string {
  let escaped = "";
  for (const byte of encoder.encode(character)) escaped += `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return escaped;
}
