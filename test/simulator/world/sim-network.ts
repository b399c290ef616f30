/**
 * Who can reach whom. Ends are named: a machine by its name, the servers of JetStream all together as {@link NATS}. A way that is cut in one direction lets
 * the other through.
 */

/** The end that lanes and buckets are at. */
export const NATS = "nats";

export class SimNetwork {
  readonly #cuts = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();

  isCut(from: string, to: string): boolean {
    return this.#cuts.size > 0 && this.#cuts.has(wayOf(from, to));
  }

  get cuts(): number {
    return this.#cuts.size;
  }

  cut(from: string, to: string): void {
    this.#cuts.add(wayOf(from, to));
  }

  heal(from: string, to: string): void {
    const way = wayOf(from, to);
    if (!this.#cuts.delete(way)) return;
    const waiting = this.#waiting.get(way) ?? [];
    this.#waiting.delete(way);
    for (const tell of waiting) tell();
  }

  healAll(): void {
    for (const way of [...this.#cuts]) {
      const [from, to] = way.split(SEPARATOR) as [string, string];
      this.heal(from, to);
    }
  }

  /** Calls back once when the way is healed; it is cut now. */
  whenHealed(from: string, to: string, callback: () => void): void {
    const way = wayOf(from, to);
    const waiting = this.#waiting.get(way);
    if (waiting === undefined) this.#waiting.set(way, [callback]);
    else waiting.push(callback);
  }
}

const SEPARATOR = " > ";

function wayOf(from: string, to: string): string {
  return `${from}${SEPARATOR}${to}`;
}
