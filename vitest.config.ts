/** How the tests run: every file in a process of its own, since LMDB and child processes do not like shared threads. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    include: ["test/**/*.test.ts"],
    pool: "forks",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
    globalSetup: ["scripts/vitest-setup.ts"],
    reporters: ["default", "./scripts/counts-reporter.ts"],
  },
});
