/** A progress bar over a count, on standard error; silent where nobody watches. */

import type { Terminal } from "./terminal.ts";

export interface CountBar {
  update(done: number, total: number, words: string): void;
  end(): void;
}

export async function countBar(label: string, terminal: Terminal): Promise<CountBar> {
  if (!terminal.interactive) return { update: () => undefined, end: () => undefined };
  const { SingleBar, Presets } = (await import("cli-progress")).default;
  const format = `${label} {bar} {value}/{total} | {words}`;
  const bar = new SingleBar({ format, hideCursor: true, stream: process.stderr }, Presets.shades_classic);
  bar.start(1, 0, { words: "" });
  return {
    update: (done, total, words) => {
      bar.setTotal(Math.max(1, total));
      bar.update(total === 0 ? 1 : done, { words });
    },
    end: () => bar.stop(),
  };
}
