/**
 * Takes commands for a running local cluster, over HTTP on loopback. The address holds a random word and is only in `cluster.json`, which its owner alone
 * can read.
 */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { LocalCluster } from "../../cluster/local/index.ts";
import { carryOut, isVerb } from "./verbs.ts";

export interface Control {
  readonly url: string;
  close(): Promise<void>;
}

const TOKEN_BYTES = 24;

export async function openControl(cluster: LocalCluster): Promise<Control> {
  const path = `/${randomBytes(TOKEN_BYTES).toString("hex")}/`;
  const server = createServer((request, response) => void answer(cluster, path, request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${path}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(cluster: LocalCluster, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://127.0.0.1");
  const verb = url.pathname.slice(path.length);
  if (!url.pathname.startsWith(path) || !isVerb(verb) || request.method !== "POST") {
    response.writeHead(404).end("no such command");
    return;
  }
  try {
    const text = await carryOut(cluster, verb, url.searchParams.get("name") ?? "");
    response.writeHead(200).end(text);
  } catch (error) {
    response.writeHead(409).end(error instanceof Error ? error.message : String(error));
  }
}
