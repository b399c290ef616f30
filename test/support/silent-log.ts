/** A log that keeps nothing. */

import type { Log } from "../../src/ports/index.ts";

export const silentLog: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
