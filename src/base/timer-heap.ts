/**
 * A binary min-heap of (time, text) pairs that holds millions of timers: times in one Float64Array, no object per timer.
 * Entries are never removed early; the owner checks at the pop whether a timer still means anything.
 */

const CAPACITY_FIRST = 1024;

export class TimerHeap {
  #times = new Float64Array(CAPACITY_FIRST);
  readonly #names: string[] = [];

  get size(): number {
    return this.#names.length;
  }

  /** Earliest time, or Infinity when empty. O(1). */
  get nextTime(): number {
    return this.#names.length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  /** O(log n). */
  push(time: number, name: string): void {
    let index = this.#names.length;
    if (index === this.#times.length) this.#grow();
    this.#names.push(name);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if ((this.#times[parent] as number) <= time) break;
      this.#place(index, this.#times[parent] as number, this.#names[parent] as string);
      index = parent;
    }
    this.#place(index, time, name);
  }

  /** Removes the earliest entry and returns its name, or undefined when empty. O(log n). */
  pop(): string | undefined {
    const first = this.#names[0];
    if (first === undefined) return undefined;
    const lastIndex = this.#names.length - 1;
    const time = this.#times[lastIndex] as number;
    const name = this.#names.pop() as string;
    if (lastIndex > 0) this.#sink(time, name);
    return first;
  }

  #sink(time: number, name: string): void {
    const size = this.#names.length;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= size) break;
      if (child + 1 < size && (this.#times[child + 1] as number) < (this.#times[child] as number)) child++;
      if ((this.#times[child] as number) >= time) break;
      this.#place(index, this.#times[child] as number, this.#names[child] as string);
      index = child;
    }
    this.#place(index, time, name);
  }

  #place(index: number, time: number, name: string): void {
    this.#times[index] = time;
    this.#names[index] = name;
  }

  #grow(): void {
    const larger = new Float64Array(this.#times.length * 2);
    larger.set(this.#times);
    this.#times = larger;
  }
}
