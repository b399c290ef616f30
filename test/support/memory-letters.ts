/** Dead letters and signals within the test. */

import type { DeadLetter, DeadLetters, KeptLetter, KeptSignal, Signals } from "../../src/ports/index.ts";

export class MemoryLetters implements DeadLetters {
  readonly letters = new Map<number, KeptLetter>();
  readonly #seqs = new Map<string, number>();
  /** Answers nothing: every call rejects. */
  away = false;

  async put({ key, ...letter }: DeadLetter): Promise<number> {
    this.#present();
    const before = this.#seqs.get(key);
    if (before !== undefined) return before;
    const seq = this.#seqs.size + 1;
    this.#seqs.set(key, seq);
    this.letters.set(seq, { seq, ...letter });
    return seq;
  }

  async get(seq: number): Promise<KeptLetter | undefined> {
    this.#present();
    return this.letters.get(seq);
  }

  async list(after: number, limit: number): Promise<readonly KeptLetter[]> {
    this.#present();
    return [...this.letters.values()].filter(({ seq }) => seq > after).slice(0, limit);
  }

  async remove(seq: number): Promise<void> {
    this.#present();
    this.letters.delete(seq);
  }

  #present(): void {
    if (this.away) throw new Error("the letters do not answer");
  }
}

export class MemorySignals implements Signals {
  readonly signals: KeptSignal[] = [];
  away = false;

  async put(signals: readonly KeptSignal[]): Promise<void> {
    if (this.away) throw new Error("the signals do not answer");
    this.signals.push(...signals);
  }
}
