/** All scenarios, by name. A new one is a file here and a line in this list. */

import type { Scenario } from "../scenario.ts";
import { damagedLmdb } from "./damaged-lmdb.ts";
import { fullDisk } from "./full-disk.ts";
import { joinNode } from "./join-node.ts";
import { killNatsLeader } from "./kill-nats.ts";
import { killNode } from "./kill-node.ts";
import { loseQuorum } from "./lose-quorum.ts";
import { moveShards } from "./move-shards.ts";
import { pauseNode } from "./pause-node.ts";
import { rollingRestart } from "./rolling-restart.ts";
import { slowNetwork } from "./slow-network.ts";

export const SCENARIOS: readonly Scenario[] = [
  killNode,
  pauseNode,
  killNatsLeader,
  slowNetwork,
  fullDisk,
  damagedLmdb,
  loseQuorum,
  rollingRestart,
  joinNode,
  moveShards,
];
