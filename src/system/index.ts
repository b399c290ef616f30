/** The machine's own time, chance and files, as the ports and the command want them. */
export { type NodeFile, writeNodeFile } from "./node-file.ts";
export { SystemClock } from "./system-clock.ts";
export { SystemRandom } from "./system-random.ts";
