/** What runs of a local cluster, and where, for people. */

import type { NatsNote, NodeNote } from "../../cluster/local/cluster-file.ts";
import { columns } from "../../src/cli/terminal.ts";

export function table(nats: readonly NatsNote[], nodes: readonly NodeNote[]): string {
  const state = (pid: number): string => (pid === 0 ? "stopped" : String(pid));
  return columns([
    ["  name", "address", "process", "log"],
    ...nats.map((server) => [`  ${server.name}`, server.url, state(server.pid), server.log]),
    ...nodes.map((node) => [`  ${node.name}`, node.httpUrl, state(node.pid), node.log]),
  ]);
}
