/** How a cluster is started before every procedure that needs one. */

import { plain, type Step } from "../procedure.ts";

export const PRACTISING = "Practising";

export const practising: readonly Step[] = [
  plain("npm run cluster -- --secure --cluster default"),
  plain(`export STOCKGRID_URL=$(node -p 'require("./data/cluster/cluster.json").nodes[0].httpUrl')`),
];
