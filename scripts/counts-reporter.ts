/**
 * Prints the counts of a test run as the very last line, `N passed, N failed`, for people and for CI to read.
 * A file that could not be loaded and an error outside every test count as failures: such a run is not green.
 */
import { writeSync } from "node:fs";
import type { Reporter, SerializedError, TestModule } from "vitest/node";

const STDOUT = 1;

export interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** The counts of a finished run. Skipped tests are in neither number. */
export function countsOf(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Counts {
  let passed = 0;
  let failed = unhandled.length;
  for (const module of modules) {
    const states = [...module.children.allTests()].map((test) => test.result().state);
    const failedTests = states.filter((state) => state === "failed").length;
    passed += states.filter((state) => state === "passed").length;
    failed += failedTests === 0 && module.state() === "failed" ? 1 : failedTests;
  }
  return { passed, failed };
}

export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const { passed, failed } = countsOf(modules, unhandled);
    // At exit, because vitest itself still prints after this hook.
    process.once("exit", () => writeSync(STDOUT, `${passed} passed, ${failed} failed\n`));
  }
}
