/** What a result was measured on. */

import { execFile } from "node:child_process";
import { cpus, release, totalmem, type } from "node:os";
import { promisify } from "node:util";
import { findNatsServer } from "../../src/embedded-nats/index.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly natsServer: string;
}

const BYTES_PER_GB = 1024 ** 3;

export async function machine(): Promise<Machine> {
  const { stdout } = await promisify(execFile)(await findNatsServer(), ["--version"]);
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryGb: Math.round(totalmem() / BYTES_PER_GB),
    kernel: `${type()} ${release()}`,
    node: process.version,
    natsServer: stdout.trim().replace(/^nats-server: v?/, ""),
  };
}
