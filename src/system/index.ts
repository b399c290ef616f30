/** The machine's own time, chance and files, and the order in which its parts stop. */
export { settleLife } from "./data-life.ts";
export { type NodeFile, writeNodeFile } from "./node-file.ts";
export { persistently } from "./persistently.ts";
export { SystemClock } from "./system-clock.ts";
export { SystemRandom } from "./system-random.ts";
export { Teardown } from "./teardown.ts";
