/**
 * Runs a program in our place: same input and output, signals passed on, its exit code or signal becomes ours.
 * (Node cannot replace its own process image, so the parent stays and waits.)
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";

const PASSED_ON = ["SIGTERM", "SIGHUP", "SIGUSR2"];
const SIGNAL_EXIT_BASE = 128;

/** Resolves to the exit code that this process should end with. Rejects when the program cannot be run. */
export function runToEnd(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: "inherit", ...options });
    for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
    process.on("SIGINT", () => interrupt(child));
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? SIGNAL_EXIT_BASE + (constants.signals[signal] ?? 0)));
  });
}

/** At a terminal Ctrl-C has reached the child as well, and a second signal would cut its clean stop short. */
function interrupt(child) {
  if (!process.stdin.isTTY) child.kill("SIGINT");
}
