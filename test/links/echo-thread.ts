/** A member thread for tests: sends every message back with `echo ` in front, until its links are closed. */

import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { ThreadLinks } from "../../src/links/index.ts";

const links = new ThreadLinks((workerData as { lane: string }).lane);
links.receive((from, message) => links.send(from, Buffer.concat([Buffer.from("echo "), message])));
parentPort?.on("message", ({ peer, port }: { peer: string; port: MessagePort }) => links.connect(peer, port));
