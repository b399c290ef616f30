/** A bare NATS server and the echo responder behind it. */

import { readdirSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { findNatsServer } from "../../src/embedded-nats/index.ts";
import { type RunningServer, type StartedChild, startPeer, startProgram } from "./children.ts";
import { peerScript } from "./peer-servers.ts";
import { waitFor } from "./wait.ts";

export interface EchoServer extends RunningServer {
  readonly url: string;
  readonly subject: string;
}

const START_MS_MAX = 20_000;

/** A server of its own, so that the echo does not queue behind the grid's fsyncs. */
export async function startEcho(folder: string): Promise<EchoServer> {
  const { server, url } = await startBareNats(folder);
  const echo = await startPeer<{ subject: string }>(peerScript("nats-echo"), [url]);
  return {
    url,
    subject: echo.address.subject,
    pids: [server.pid, echo.pid],
    [Symbol.asyncDispose]: async () => {
      await echo.stop();
      await server.stop();
    },
  };
}

export async function startBareNats(folder: string): Promise<{ readonly server: StartedChild; readonly url: string }> {
  const ports = join(folder, "bare-nats");
  await mkdir(ports, { recursive: true });
  const server = startProgram(
    "bare-nats",
    await findNatsServer(),
    ["-a", "127.0.0.1", "-p", "-1", "--ports_file_dir", ports],
    folder,
  );
  const url = await waitFor("the ports file of nats-server", START_MS_MAX, () => urlIn(ports));
  return { server, url };
}

function urlIn(folder: string): string | undefined {
  const [file] = readdirSync(folder).filter((name) => name.endsWith(".ports"));
  if (file === undefined) return undefined;
  const text = readFileSync(join(folder, file), "utf8");
  return text === "" ? undefined : (JSON.parse(text) as { readonly nats: readonly string[] }).nats[0];
}
