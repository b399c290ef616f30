/** Every procedure of the runbook that the drill carries out, in its order. */

import type { Procedure } from "../procedure.ts";
import { backup, reshard, restoreIntoNew, restoreOver } from "./backups.ts";
import { certificatesAndKeys } from "./certificates.ts";
import { rollingUpgrade, scaleIn, scaleOut } from "./changes.ts";
import { losingANatsServer, losingANode, losingTheQuorum } from "./losses.ts";
import { rebuild, singleBackup, singleUpgrade } from "./single-node.ts";

export { PRACTISING, practising } from "./practising.ts";

export const PROCEDURES: readonly Procedure[] = [
  rollingUpgrade,
  scaleOut,
  scaleIn,
  losingANode,
  losingANatsServer,
  losingTheQuorum,
  backup,
  restoreIntoNew,
  restoreOver,
  singleBackup,
  reshard,
  certificatesAndKeys,
  singleUpgrade,
  rebuild,
];
