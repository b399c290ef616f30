/** Asks a port whether a NATS server answers there, and which one: the INFO line it greets with, then PING and PONG. */
import { connect } from "node:net";
import { HOST } from "./server-files.ts";

const PROBE_TIMEOUT_MS = 2_000;
const GREETING_CHARACTERS_MAX = 64 * 1024;

export interface ServerInfo {
  readonly server_name: string;
  readonly version: string;
  readonly jetstream?: boolean;
}

/** Resolves to the server's own description, or undefined when nothing there speaks NATS in time. Never rejects. */
export function probe(port: number): Promise<ServerInfo | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: HOST, port });
    let heard = "";
    const finish = (info: ServerInfo | undefined): void => {
      socket.destroy();
      resolve(info);
    };
    socket.setEncoding("utf8").setTimeout(PROBE_TIMEOUT_MS, () => finish(undefined));
    socket.on("connect", () => socket.write('CONNECT {"verbose":false,"name":"stockgrid probe"}\r\nPING\r\n'));
    socket.on("error", () => finish(undefined)).on("close", () => finish(undefined));
    socket.on("data", (text: string) => {
      heard += text;
      if (heard.includes("PONG\r\n")) finish(infoIn(heard));
      else if (heard.length > GREETING_CHARACTERS_MAX) finish(undefined);
    });
  });
}

function infoIn(heard: string): ServerInfo | undefined {
  const match = /^INFO (\{.*\})\s*\r\n/m.exec(heard);
  try {
    return match?.[1] === undefined ? undefined : (JSON.parse(match[1]) as ServerInfo);
  } catch {
    // Whatever greets like this is not a NATS server.
    return undefined;
  }
}
