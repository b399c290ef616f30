/** Reads TypeScript sources into what the architecture test asks about: imports, functions, and the names used. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseSync } from "oxc-parser";

const ROOT = join(import.meta.dirname, "..", "..");

/** The name under which a use of the type `any` is noted; no identifier is written so. */
export const ANY_TYPE = "<any>";

/** A node of the syntax tree, as far as this test looks. */
interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

export interface FunctionSize {
  readonly line: number;
  readonly lines: number;
}

export interface Source {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  /** What it imports or exports from: the specifiers, types included. */
  readonly imports: readonly string[];
  readonly functions: readonly FunctionSize[];
  /** Identifiers and member accesses as written, such as `process` and `Date.now`, each with its line. */
  readonly names: ReadonlyMap<string, number>;
  /** Calls of a member named `skip` or `only`, with the text of the call up to its first argument's end. */
  readonly exclusions: readonly { readonly line: number; readonly text: string }[];
}

/** Every TypeScript file below a folder of the repository. */
export function sourcesIn(folder: string): Source[] {
  const names = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".ts")).map((name) => readSource(join(ROOT, folder, name)));
}

function readSource(file: string): Source {
  const text = readFileSync(file, "utf8");
  return parseSource(relative(ROOT, file).replaceAll("\\", "/"), text);
}

/** Parses one source. Throws when it is not TypeScript. */
export function parseSource(path: string, text: string): Source {
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`);
  const source = { path, text, lines: text.trimEnd().split("\n").length, functions: [], names: new Map(), exclusions: [] };
  const exported = module.staticExports.flatMap((each) => each.entries.map((entry) => entry.moduleRequest?.value));
  const dynamic = module.dynamicImports.map(({ moduleRequest }) =>
    text.slice(moduleRequest.start, moduleRequest.end).replaceAll(/["'`]/g, ""),
  );
  const imports = [...module.staticImports.map((each) => each.moduleRequest.value), ...exported, ...dynamic];
  visit(program, undefined, new Collector(text, source));
  return { ...source, imports: imports.filter((each) => each !== undefined && each !== "") as string[] };
}

interface Collected {
  readonly functions: FunctionSize[];
  readonly names: Map<string, number>;
  readonly exclusions: { line: number; text: string }[];
}

class Collector {
  readonly #text: string;
  readonly #into: Collected;

  constructor(text: string, into: Collected) {
    this.#text = text;
    this.#into = into;
  }

  see(node: Node, parent: Node | undefined): void {
    if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) this.#function(node);
    else if (node.type === "TSAnyKeyword") this.#name(ANY_TYPE, node);
    else if (node.type === "Identifier" && !isNameOnly(node, parent)) this.#name(this.#textOf(node), node);
    else if (node.type === "MemberExpression") this.#name(this.#textOf(node), node);
    else if (node.type === "CallExpression") this.#call(node);
  }

  #function(node: Node): void {
    const lines = this.#textOf(node).split("\n").length;
    this.#into.functions.push({ line: this.#lineOf(node), lines });
  }

  #name(name: string, node: Node): void {
    if (!this.#into.names.has(name)) this.#into.names.set(name, this.#lineOf(node));
  }

  #call(node: Node): void {
    const { callee } = node as Node & { callee: Node & { property?: Node } };
    if (callee.property === undefined || !/^(only|skip)$/.test(this.#textOf(callee.property))) return;
    this.#into.exclusions.push({ line: this.#lineOf(node), text: this.#textOf(node).split("\n")[0] ?? "" });
  }

  #textOf(node: Node): string {
    return this.#text.slice(node.start, node.end);
  }

  #lineOf(node: Node): number {
    return this.#text.slice(0, node.start).split("\n").length;
  }
}

/** A property's or member's own name uses nothing: `clock.setTimeout`, `{ process: 1 }`. */
function isNameOnly(node: Node, parent: Node | undefined): boolean {
  const { key, property, computed } = (parent ?? {}) as { key?: Node; property?: Node; computed?: boolean };
  return computed !== true && (key === node || property === node);
}

function visit(node: Node, parent: Node | undefined, collector: Collector): void {
  collector.see(node, parent);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) visit(child, node, collector);
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
