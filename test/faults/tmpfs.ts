/** A small file system of its own in memory, to be filled up. Removed by `close`, at the latest at the end of the process. */

import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runTool, runToolNow } from "./run-tool.ts";

const BALLAST = "ballast";
const CHUNK_BYTES = 64 * 1_024;

/** Why it cannot be mounted here, for the message of a skipped test; undefined when it can. */
export async function unsupportedTmpfs(): Promise<string | undefined> {
  if (process.platform !== "linux") return "tmpfs needs Linux";
  if (process.getuid?.() !== 0) return "mounting a tmpfs needs root";
  try {
    const disk = await SmallDisk.mount(1 << 20);
    await disk.close();
    return undefined;
  } catch (error) {
    return `a tmpfs cannot be mounted here: ${(error as Error).message}`;
  }
}

export class SmallDisk {
  readonly path: string;
  readonly #atExit = (): void => runToolNow("umount", ["-l", this.path]);

  private constructor(path: string) {
    this.path = path;
  }

  static async mount(bytes: number): Promise<SmallDisk> {
    const path = await mkdtemp(join(tmpdir(), "stockgrid-disk-"));
    try {
      await runTool("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "stockgrid-test", path]);
    } catch (error) {
      await rm(path, { recursive: true });
      throw error;
    }
    const disk = new SmallDisk(path);
    process.once("exit", disk.#atExit);
    return disk;
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  /** Takes all room but `leaveBytes` with a file of its own. */
  async fill(leaveBytes = 0): Promise<void> {
    const file = await open(join(this.path, BALLAST), "a");
    try {
      for (let free = await this.freeBytes(); free > leaveBytes; free = await this.freeBytes())
        await file.write(Buffer.alloc(Math.min(CHUNK_BYTES, free - leaveBytes)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      await file.close();
    }
  }

  /** Gives back what `fill` took. */
  async free(): Promise<void> {
    await rm(join(this.path, BALLAST), { force: true });
  }

  async close(): Promise<void> {
    process.off("exit", this.#atExit);
    await runTool("umount", ["-l", this.path]);
    await rm(this.path, { recursive: true, force: true });
  }
}
