import { setTimeout as delay } from "node:timers/promises";

/** Waits for a condition; on time-out the error says what was missing. */
export async function until(what: string, condition: () => boolean | Promise<boolean>, msMax = 20_000): Promise<void> {
  const deadline = performance.now() + msMax;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${msMax} ms: ${what}`);
    await delay(20);
  }
}
