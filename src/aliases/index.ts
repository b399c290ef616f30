/** What codes of sources stand for, shared by all members through a key-value bucket. */
export { ALIAS_KINDS, type Alias, type AliasKind, UNITS_MAX } from "./alias.ts";
export { AliasBook, type CodesOfSource, type PutAlias, type RemoveAlias } from "./alias-book.ts";
