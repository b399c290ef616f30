/** Carries out one procedure in a terminal of its own, and says what came of it. */

import type { BooksReport } from "../faults/load/check-books.ts";
import type { Procedure, Step } from "./procedure.ts";
import { PRACTISING, practising } from "./procedures/index.ts";
import { readRunbook, withoutRemark } from "./runbook.ts";
import { type RanCommand, Session } from "./session.ts";
import { Stage } from "./stage.ts";

export interface ProcedureReport {
  readonly procedure: string;
  readonly tookMs: number;
  readonly commands: readonly RanCommand[];
  readonly books: readonly BooksReport[];
  /** What went wrong; undefined: everything is as the text says. */
  readonly error?: string;
}

/** What differs between the runbook's section and the steps; undefined: nothing. */
export function difference(commands: readonly string[], steps: readonly Step[], heading: string): string | undefined {
  const at = Array.from({ length: Math.max(commands.length, steps.length) }, (_, index) => index).find(
    (index) => withoutRemark(commands[index] ?? "") !== steps[index]?.command,
  );
  if (at === undefined) return undefined;
  const [written, known] = [commands[at] ?? "nothing more", steps[at]?.command ?? "nothing more"];
  return `${heading}, command ${at + 1}: the runbook has ${JSON.stringify(written)}, the drill ${JSON.stringify(known)}`;
}

/** Leaves nothing behind, whatever happens. */
export async function runProcedure(procedure: Procedure, say: (line: string) => void): Promise<ProcedureReport> {
  const begun = performance.now();
  const session = await Session.open(procedure.on);
  const { heading, on, outageMsMax = 0 } = procedure;
  const stage = new Stage({ session, on, outageMsMax, say });
  let error: string | undefined;
  try {
    await perform(procedure, stage);
  } catch (failure) {
    error = `${failure instanceof Error ? failure.message : String(failure)}\n${session.logs()}`;
  } finally {
    await session.end();
  }
  const tookMs = Math.round(performance.now() - begun);
  const report = { procedure: heading, tookMs, commands: session.ran, books: stage.books };
  return error === undefined ? report : { ...report, error };
}

async function perform(procedure: Procedure, stage: Stage): Promise<void> {
  const { heading, steps, load, prepare, finish } = procedure;
  if (procedure.on === "cluster") {
    await runSteps(PRACTISING, practising, stage);
    await stage.served();
  }
  await prepare?.(stage);
  if (load) await stage.startLoad();
  const work = runSteps(heading, steps, stage).then(() => finish?.(stage));
  await Promise.race([work, stage.failing()]);
  if (load) {
    await stage.served();
    await stage.everyShardWrites();
    await stage.endLoad();
  }
  if (procedure.on === "cluster") await stage.standbys();
}

async function runSteps(heading: string, steps: readonly Step[], stage: Stage): Promise<void> {
  const commands = readRunbook().find((section) => section.heading === heading)?.commands ?? [];
  const different = difference(commands, steps, heading);
  if (different !== undefined) throw new Error(different);
  for (const [index, { before, after }] of steps.entries()) {
    const command = commands[index] ?? "";
    await before?.(stage);
    stage.say(`$ ${command}`);
    await stage.session.run(command);
    await after?.(stage);
  }
}
