/** A location as it is packed: without the fields that were not given, since an undefined one would come back as null. */

import type { Location } from "../shard/index.ts";

export function givenFields(location: Location): object {
  return Object.fromEntries(Object.entries(location).filter(([, value]) => value !== undefined));
}
