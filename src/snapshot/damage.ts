/** Tells errors of LMDB that mean damaged data from others. */

import { CorruptData } from "../base/index.ts";

/** Return codes of LMDB, lmdb.h. */
const DAMAGE_CODES: ReadonlySet<number> = new Set([
  /* MDB_PAGE_NOTFOUND */ -30797, /* MDB_CORRUPTED */ -30796, /* MDB_PANIC */ -30795, /* MDB_VERSION_MISMATCH */ -30794,
  /* MDB_INVALID */ -30793, /* MDB_INCOMPATIBLE */ -30784, /* MDB_BAD_VALSIZE */ -30781,
]);
/** Some paths of lmdb-js keep the text of `mdb_strerror` only. */
const DAMAGE_TEXT = /MDB_(PAGE_NOTFOUND|CORRUPTED|PANIC|VERSION_MISMATCH|INVALID|INCOMPATIBLE|PROBLEM)/;

/** The error as CorruptData when it means damage, else as it came. `where` for a person. */
export function corruptIfDamaged(error: unknown, where: string): unknown {
  if (error instanceof CorruptData || !(error instanceof Error)) return error;
  const code = "code" in error ? Number(error.code) : Number.NaN;
  if (!DAMAGE_CODES.has(code) && !DAMAGE_TEXT.test(error.message)) return error;
  return new CorruptData(`LMDB found damage: ${error.message}`, where, { cause: error });
}
