/** `<data dir>/node.json`: where a running node can be reached. Written whole when it serves, removed when it stops. */

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface NodeFile {
  readonly pid: number;
  readonly httpUrl: string;
  readonly natsUrl: string;
}

/** Returns the function that removes it. */
export function writeNodeFile(dataDir: string, content: NodeFile): () => void {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, "node.json");
  const draft = `${path}.${content.pid}`;
  writeFileSync(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return () => rmSync(path, { force: true });
}
