/**
 * The runbook as the drill reads it: sections by heading, in each the commands of its code blocks in order, and the commands that its text names.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface Section {
  readonly heading: string;
  /** Line by line as written, with remarks. */
  readonly commands: readonly string[];
  /** Of `npm run` and `stockgrid`, in the running text. */
  readonly named: readonly string[];
}

export const RUNBOOK = join(import.meta.dirname, "../../docs/ops/runbook.md");

const FENCE = /^\s*```/;
const HEADING = /^#{1,3} +(.*?)\s*$/;
const CODE_SPAN = /`([^`]+)`/g;
const OURS = /^(?:npm run|npm start|stockgrid)\b/;

export function readRunbook(text: string = readFileSync(RUNBOOK, "utf8")): readonly Section[] {
  const sections: { heading: string; commands: string[]; named: string[] }[] = [];
  let isCode = false;
  for (const line of text.split("\n")) {
    const heading = HEADING.exec(line)?.[1];
    if (FENCE.test(line)) isCode = !isCode;
    else if (heading !== undefined && !isCode) sections.push({ heading, commands: [], named: [] });
    else if (isCode) sections.at(-1)?.commands.push(...[line.trim()].filter((command) => command !== ""));
    else for (const [, code = ""] of line.matchAll(CODE_SPAN)) if (OURS.test(code)) sections.at(-1)?.named.push(code);
  }
  return sections;
}

/** What a shell would run of a line. */
export function withoutRemark(command: string): string {
  return command.replace(/\s+#.*$/, "");
}
