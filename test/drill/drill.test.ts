/** The runbook and the drill say the same: every command of the one is run by the other. The drill itself: `npm run drill`. */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fillIn } from "./placeholders.ts";
import { PRACTISING, PROCEDURES, practising } from "./procedures/index.ts";
import { difference } from "./run-procedure.ts";
import { readRunbook, type Section, withoutRemark } from "./runbook.ts";
import { readDrillWords } from "./words.ts";

const CLI = join(import.meta.dirname, "cli.ts");

/** Named in the text, and nothing that a procedure runs here, with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "npm run drill": "this is it",
  "npm run drill -- --help": "the same",
};

const steps = [{ heading: PRACTISING, steps: practising }, ...PROCEDURES];

/** What keeps runbook and drill apart; empty: nothing. */
function disagreements(sections: readonly Section[]): string[] {
  const written = sections.flatMap(({ heading, commands }) => {
    const known = steps.find((each) => each.heading === heading);
    if (known === undefined) return commands.map((command) => `${heading}: no procedure runs ${JSON.stringify(command)}`);
    return difference(commands, known.steps, heading) ?? [];
  });
  const without = steps.filter(({ heading }) => sections.every((section) => section.heading !== heading));
  return [...written, ...without.map(({ heading }) => `the runbook has no section ${heading}`), ...unrun(sections)];
}

function unrun(sections: readonly Section[]): string[] {
  const run = steps.flatMap((each) => each.steps.map(({ command }) => command));
  const isRun = (named: string): boolean => run.some((command) => command === named || command.startsWith(`${named} `));
  return sections.flatMap(({ heading, named }) =>
    named
      .filter((each) => !(each in NOT_RUN) && !isRun(each))
      .map((each) => `${heading} names ${each}, and no procedure runs it`),
  );
}

describe("the runbook and the drill", () => {
  it("have the same commands, in the same order", () => {
    expect(disagreements(readRunbook())).toEqual([]);
  });

  it.each([
    [
      "a command more",
      "## Scale out\n\n```\nnpm run cluster -- add\nnpm run cluster -- add\n```\n",
      /Scale out, command 2: the runbook has/,
    ],
    ["a section more", "## Tea\n\n```\nkettle --on\n```\n", /Tea: no procedure runs "kettle --on"/],
    ["a command in the text", "## Tea\n\nThen `stockgrid brew`.\n", /Tea names stockgrid brew/],
  ])("are told apart by %s", (_, text, saying) => {
    const changed = readRunbook(text);
    const others = readRunbook().filter(({ heading }) => changed.every((section) => section.heading !== heading));
    expect(disagreements([...others, ...changed])).toEqual([expect.stringMatching(saying)]);
  });

  it("are told apart by a section less", () => {
    const others = readRunbook().filter(({ heading }) => heading !== "Scale in");
    expect(disagreements(others)).toContain("the runbook has no section Scale in");
  });

  it("leave a remark to the reader", () => {
    expect(withoutRemark("npm run cluster -- kill node-2       # what it looks like")).toBe("npm run cluster -- kill node-2");
  });
});

describe("placeholders", () => {
  const folder = mkdtempSync(join(tmpdir(), "stockgrid-places-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const note = { pid: 1, identity: "", log: "" };
  const file = {
    nats: [{ ...note, name: "nats-1", url: "tls://127.0.0.1:1111", monitorUrl: "", ports: [1111, 2, 3] as const }],
    nodes: [{ ...note, name: "node-1", httpUrl: "http://127.0.0.1:80", dataDir: "" }],
  };
  const places = { backups: join(folder, "b"), cluster: "/c", file };

  it.each([
    ["rm -r data/cluster/node-2", "rm -r /c/node-2"],
    [`node -p 'require("./data/cluster/cluster.json")'`, `node -p 'require("/c/cluster.json")'`],
    ["x --url http://node-1:8080", "x --url http://127.0.0.1:80"],
    [
      "x --nats-url tls://nats-1:4222 --nats-creds users/a.nk --nats-ca ca.pem",
      "x --nats-url tls://127.0.0.1:1111 --nats-creds /c/secure/users/a.nk --nats-ca /c/secure/ca.pem",
    ],
    ["stockgrid backup --out /backups/x", `stockgrid backup --out ${join(folder, "b")}/x`],
    ["cp -a data /elsewhere", "cp -a data /elsewhere"],
    ["npm run cluster -- restart node-1", "npm run cluster -- restart node-1"],
  ])("in %s", (written, run) => {
    expect(fillIn(written, places)).toBe(run);
  });

  it("stand for the newest backup", () => {
    const restore = "stockgrid restore --from /backups/grid-2026-03-01-0200";
    expect(() => fillIn(restore, places)).toThrow("no backup was taken yet");
    for (const name of ["grid-2026-01-02-0000", "grid-2026-01-10-0000", "grid-1"])
      mkdirSync(join(folder, "b", name), { recursive: true });
    expect(fillIn(restore, places)).toBe(`stockgrid restore --from ${join(folder, "b/grid-2026-01-10-0000")}`);
  });

  it("name what is not there", () => {
    expect(() => fillIn("x --url http://node-7:8080", places)).toThrow("the runbook names node-7, and the cluster has none");
  });
});

describe("npm run drill", () => {
  async function drill(...words: string[]): Promise<{ status: number | null; text: string }> {
    const child = spawn(process.execPath, [CLI, ...words]);
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
    return { status, text };
  }

  it("lists what it can do", async () => {
    expect(await drill("--list")).toEqual({ status: 0, text: expect.stringContaining("Losing the quorum of NATS") });
  });

  it("takes a part of a heading that no other has, or the whole", () => {
    const headings = (...words: string[]): string[] => {
      const read = readDrillWords(words);
      return "wrong" in read ? [read.wrong] : read.procedures.map(({ heading }) => heading);
    };
    expect(headings("--only", "quorum", "--only", "scale in")).toEqual(["Scale in", "Losing the quorum of NATS"]);
    expect(headings("--only", "Backup and restore")).toEqual(["Backup and restore"]);
    expect(headings()).toHaveLength(PROCEDURES.length);
  });

  it.each([
    [["--only", "tea"], '--only "tea" is no procedure; there are: Rolling upgrade'],
    [["--only", "losing"], '--only "losing" is not one; there are: Losing a node'],
    [["--tea"], "--tea"],
  ] as const)("refuses %j", (words, saying) => {
    expect(readDrillWords(words)).toEqual({ wrong: expect.stringContaining(saying) });
  });
});
