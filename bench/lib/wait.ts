/** Waiting for a condition of the outside world. */

const EVERY_MS = 20;

/** Resolves with the first value that is not undefined. Rejects after `msMax`, naming what did not happen. */
export async function waitFor<T>(what: string, msMax: number, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const giveUpAt = performance.now() + msMax;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${msMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
