/** The progress bar of an import, on standard error; silent where nobody watches. */

import type { ImportProgress } from "./import-file.ts";
import type { Terminal } from "./terminal.ts";

export interface ProgressBar {
  update(progress: ImportProgress): void;
  end(): void;
}

export async function progressBar(label: string, terminal: Terminal): Promise<ProgressBar> {
  if (!terminal.interactive) return { update: () => undefined, end: () => undefined };
  const { SingleBar, Presets } = (await import("cli-progress")).default;
  const started = performance.now();
  const format = `${label} {bar} {percentage}% | {rows} rows | {rate} rows/s`;
  const bar = new SingleBar({ format, hideCursor: true, stream: process.stderr, etaBuffer: 50 }, Presets.shades_classic);
  bar.start(100, 0, { rows: 0, rate: 0 });
  return {
    update: ({ rows, readBytes, sizeBytes }) => {
      const rate = Math.round(rows / Math.max(0.001, (performance.now() - started) / 1_000));
      bar.update(sizeBytes ? Math.min(100, (100 * readBytes) / sizeBytes) : 0, { rows, rate });
    },
    end: () => bar.stop(),
  };
}
