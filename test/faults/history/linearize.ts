/**
 * Decides whether one object's history is linearizable: whether there is one order of its operations, each at a moment
 * between its call and its return, that the sequential model accepts with the outcomes seen.
 *
 * The way of Wing and Gong with Lowe's just-in-time linearization: walk along the calls and returns, keep every
 * configuration (state, pending operations already placed) that explains what was seen so far, and place an operation only
 * when its return forces it. Configurations are kept once each.
 *
 * L1. A history is accepted only when some order explains it, refused only when none does; when the search grows beyond
 *     CONFIGURATIONS_MAX or STEPS_MAX it says `undecided`.
 * L2. An operation that returns at Infinity may be placed at any time after its call, or never; an optional one between its
 *     call and its return, or never.
 *
 * Three shortcuts keep the search small, each resting on what a model promises of itself:
 * - an operation that changes nothing is placed as soon as the state allows it;
 * - an operation that is possible now is placed without others of other groups before it, unless a read waited for them;
 * - of twins, the one that returns first is placed first.
 */

/** When an operation was called and when it returned, in ms of one clock. */
export interface Interval {
  readonly invokedAt: number;
  /** Infinity: never known to have happened. */
  readonly returnedAt: number;
  /** It may never have happened. */
  readonly isOptional?: boolean;
  /** While it would change nothing it stays pending, up to its return: for what happens by itself when it is due. */
  readonly waits?: boolean;
}

export interface Model<S extends object, O extends Interval> {
  readonly initial: S;
  /** The same text for equal states, and for those only. */
  keyOf(state: S): string;
  /** The state after the operation had the outcome that was seen; undefined when that cannot be. */
  step(state: S, operation: O): S | undefined;
  /** True when `step` never returns another state. */
  isRead(operation: O): boolean;
  /**
   * Of two operations of different groups, or of none, whichever is possible now may go first: what could follow the other
   * order can follow this one.
   */
  groupOf(operation: O): string | undefined;
  /** Operations with the same twin change the state alike, and nothing pending beside them can tell them apart. */
  twinOf(operation: O): string | undefined;
}

export type Verdict<S> =
  | { readonly kind: "linearizable"; readonly configurationsMax: number }
  | { readonly kind: "undecided"; readonly at: number }
  | Violation<S>;

/** No order explains the return of operation `at`. Numbers are places in the list of operations given. */
export interface Violation<S> {
  readonly kind: "violation";
  readonly at: number;
  /** States that explain everything before that return. */
  readonly states: readonly S[];
  /** Called and not returned at that moment, without `at`. */
  readonly pending: readonly number[];
  /** The last moment before it when nothing was in flight and the state was certain, and what was called from then on. */
  readonly since: { readonly state: S; readonly operations: readonly number[] };
}

const CONFIGURATIONS_MAX = 200_000;
/** Of one search: some seconds. */
const STEPS_MAX = 3_000_000;

interface Configuration<S> {
  readonly state: S;
  /** Pending operations that are placed already, ascending. */
  readonly placed: readonly number[];
}

/** A configuration on the way to one with the target; from a detour the target is not placed. */
interface Visit<S> {
  readonly at: Configuration<S>;
  readonly isDetour: boolean;
}

interface Step<S> {
  readonly operation: number;
  readonly state: S;
}

interface Happening {
  readonly at: number;
  readonly isReturn: boolean;
  readonly operation: number;
}

export function linearize<S extends object, O extends Interval>(model: Model<S, O>, operations: readonly O[]): Verdict<S> {
  return new Search(model, operations).run();
}

class TooManyConfigurations extends Error {}

class Search<S extends object, O extends Interval> {
  readonly #model: Model<S, O>;
  readonly #operations: readonly O[];
  readonly #stateKeys = new WeakMap<S, string>();
  #pending: number[] = [];
  #configurations: readonly Configuration<S>[];
  #most = 1;
  #steps = 0;
  #since: { state: S; operations: number[] };

  constructor(model: Model<S, O>, operations: readonly O[]) {
    this.#model = model;
    this.#operations = operations;
    this.#configurations = [{ state: model.initial, placed: [] }];
    this.#since = { state: model.initial, operations: [] };
  }

  run(): Verdict<S> {
    for (const { isReturn, operation } of happenings(this.#operations)) {
      try {
        if (!isReturn) this.#call(operation);
        else if (!this.#return(operation)) return this.#violation(operation);
      } catch (error) {
        if (error instanceof TooManyConfigurations) return { kind: "undecided", at: operation };
        throw error;
      }
    }
    return { kind: "linearizable", configurationsMax: this.#most };
  }

  #call(operation: number): void {
    this.#pending.push(operation);
    this.#since.operations.push(operation);
    if (this.#model.isRead(this.#at(operation)))
      this.#keep(this.#configurations.map((each) => this.#withReads(each.state, each.placed)));
  }

  /** False when no configuration can place it. */
  #return(operation: number): boolean {
    const isOptional = this.#at(operation).isOptional === true;
    const next = this.#configurations.flatMap((each) => {
      if (each.placed.includes(operation)) return [without(each, operation)];
      return isOptional ? [each, ...this.#place(each, operation)] : this.#place(each, operation);
    });
    if (next.length === 0) return false;
    this.#pending = this.#pending.filter((each) => each !== operation);
    this.#keep(next);
    const [only] = this.#configurations;
    if (this.#configurations.length === 1 && this.#pending.length === 0 && only !== undefined)
      this.#since = { state: only.state, operations: [] };
    return true;
  }

  #keep(configurations: readonly Configuration<S>[]): void {
    this.#configurations = [...new Map(configurations.map((each) => [this.#keyOf(each), each])).values()];
    this.#most = Math.max(this.#most, this.#configurations.length);
    if (this.#configurations.length > CONFIGURATIONS_MAX) throw new TooManyConfigurations();
  }

  /** Every configuration in which `target` has just been placed, with no more before it than needed; `target` left out. */
  #place(from: Configuration<S>, target: number): Configuration<S>[] {
    const candidates = this.#candidates(from, target);
    const reached: Configuration<S>[] = [];
    const seen = new Set([this.#keyOf(from)]);
    const open: Visit<S>[] = [{ at: from, isDetour: false }];
    for (let visit = open.pop(); visit !== undefined; visit = open.pop()) {
      const canNow = this.#model.step(visit.at.state, this.#at(target)) !== undefined;
      for (const { operation, next } of this.#successors(visit.at, candidates, target)) {
        if (operation === target && visit.isDetour) continue;
        const key = this.#keyOf(next);
        if (seen.has(key)) continue;
        seen.add(key);
        if (seen.size > CONFIGURATIONS_MAX) throw new TooManyConfigurations();
        if (next.placed.includes(target)) reached.push(without(next, target));
        else open.push({ at: next, isDetour: canNow && this.#isDetour(visit.at, operation, next, target) });
      }
    }
    return reached;
  }

  /** What may have to be placed before `target`: nothing, its group, or everything that changes something. */
  #candidates(from: Configuration<S>, target: number): readonly number[] {
    const operation = this.#at(target);
    const isFree = (each: number): boolean => !from.placed.includes(each);
    const changes = this.#pending.filter((each) => isFree(each) && !this.#model.isRead(this.#at(each)));
    if (this.#model.isRead(operation)) return changes;
    const readsWait = this.#pending.some((each) => isFree(each) && this.#model.isRead(this.#at(each)));
    if (readsWait || this.#model.step(from.state, operation) === undefined) return changes;
    return changes.filter((each) => each === target || this.#areOfOneGroup(each, target));
  }

  /** True when `operation` could as well be placed after `target`: no read was waiting for it. */
  #isDetour(before: Configuration<S>, operation: number, after: Configuration<S>, target: number): boolean {
    return after.placed.length === before.placed.length + 1 && !this.#areOfOneGroup(operation, target);
  }

  #areOfOneGroup(one: number, other: number): boolean {
    const group = this.#model.groupOf(this.#at(one));
    return group !== undefined && group === this.#model.groupOf(this.#at(other));
  }

  #successors(
    from: Configuration<S>,
    candidates: readonly number[],
    target: number,
  ): { operation: number; next: Configuration<S> }[] {
    const steps: Step<S>[] = [];
    const key = this.#stateKey(from.state);
    for (const operation of candidates) {
      if (from.placed.includes(operation)) continue;
      if (++this.#steps > STEPS_MAX) throw new TooManyConfigurations();
      const { returnedAt, waits } = this.#at(operation);
      const state = this.#model.step(from.state, this.#at(operation));
      if (state === undefined) continue;
      const isIdle = (waits || returnedAt === Number.POSITIVE_INFINITY) && this.#stateKey(state) === key;
      if (!isIdle || operation === target) steps.push({ operation, state });
    }
    return this.#firstOfTwins(steps, target).map(({ operation, state }) => ({
      operation,
      next: this.#withReads(state, insert(from.placed, operation)),
    }));
  }

  /** `target` returns now, so that none of its twins returns before it. */
  #firstOfTwins(steps: readonly Step<S>[], target: number): Step<S>[] {
    const first = new Map<string, Step<S>>();
    for (const step of steps) {
      const twin = this.#model.twinOf(this.#at(step.operation)) ?? `no twin ${step.operation}`;
      const other = first.get(twin);
      const isFirst = other === undefined || this.#at(step.operation).returnedAt < this.#at(other.operation).returnedAt;
      if (isFirst || step.operation === target) first.set(twin, step);
      if (other?.operation === target) first.set(twin, other);
    }
    return [...first.values()];
  }

  /** Places every pending read that the state allows. */
  #withReads(state: S, placed: readonly number[]): Configuration<S> {
    this.#steps += this.#pending.length;
    if (this.#steps > STEPS_MAX) throw new TooManyConfigurations();
    const allowed = this.#pending.filter(
      (each) =>
        this.#model.isRead(this.#at(each)) && !placed.includes(each) && this.#model.step(state, this.#at(each)) !== undefined,
    );
    return { state, placed: allowed.reduce(insert, placed) };
  }

  #violation(at: number): Violation<S> {
    const states = new Map(this.#configurations.map(({ state }) => [this.#model.keyOf(state), state]));
    return {
      kind: "violation",
      at,
      states: [...states.values()],
      pending: this.#pending.filter((each) => each !== at),
      since: this.#since,
    };
  }

  #keyOf({ state, placed }: Configuration<S>): string {
    return `${placed.join(" ")}|${this.#stateKey(state)}`;
  }

  #stateKey(state: S): string {
    const known = this.#stateKeys.get(state);
    if (known !== undefined) return known;
    const key = this.#model.keyOf(state);
    this.#stateKeys.set(state, key);
    return key;
  }

  #at(operation: number): O {
    return this.#operations[operation] as O;
  }
}

/** Calls and returns in order; at one moment calls come first, so that operations that touch count as concurrent. */
function happenings(operations: readonly Interval[]): Happening[] {
  const all = operations.flatMap(({ invokedAt, returnedAt }, operation): Happening[] => [
    { at: invokedAt, isReturn: false, operation },
    ...(returnedAt === Number.POSITIVE_INFINITY ? [] : [{ at: returnedAt, isReturn: true, operation }]),
  ]);
  return all.sort((a, b) => a.at - b.at || Number(a.isReturn) - Number(b.isReturn) || a.operation - b.operation);
}

function insert(placed: readonly number[], operation: number): readonly number[] {
  const at = placed.findLastIndex((each) => each < operation) + 1;
  return placed.toSpliced(at, 0, operation);
}

function without<S>({ state, placed }: Configuration<S>, operation: number): Configuration<S> {
  return { state, placed: placed.filter((each) => each !== operation) };
}
