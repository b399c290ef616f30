/** A process of its own with nothing but a feed in it, for tests that kill it: `node feed-process.ts <nats url>`. */

import { startFeed } from "../../src/feed/index.ts";
import { silentLog } from "../support/silent-log.ts";
import { LANES } from "./lane.ts";

await startFeed({ nats: { url: process.argv[2] ?? "" }, lanes: LANES, cluster: "test", log: silentLog });
