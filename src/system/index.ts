/** The machine's own time and chance, as the ports want them. */
export { SystemClock } from "./system-clock.ts";
export { SystemRandom } from "./system-random.ts";
