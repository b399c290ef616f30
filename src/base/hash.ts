/**
 * The hash that places a SKU on a shard. Part of the public protocol: clients route by it, so it never changes.
 *
 * FNV-1a, 32 bits, over the UTF-8 bytes (Fowler, Noll, Vo 1991), then the finaliser of MurmurHash3 (Appleby 2011),
 * because plain FNV leaves the low bits of short keys uneven.
 */

import type { ShardId } from "./ids.ts";

const encoder = new TextEncoder();

function mixBytes(hash: number, text: string): number {
  let mixed = hash;
  for (const byte of encoder.encode(text)) mixed = Math.imul(mixed ^ byte, 0x01000193);
  return mixed;
}

/** 32-bit unsigned hash of a text. O(length). */
export function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) {
      hash = mixBytes(0x811c9dc5, text);
      break;
    }
    hash = Math.imul(hash ^ code, 0x01000193);
  }
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Shard of a hash in a cluster of `shards` shards. */
export function shardOfHash(hash: number, shards: number): ShardId {
  return (hash % shards) as ShardId;
}
