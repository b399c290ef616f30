/**
 * One direction of a connection. What is sent over it arrives in the order it was sent, or not at all. While the way is cut, what is sent waits for it to be
 * healed, as in the buffers of TCP, or is lost, as with a connection that was given up.
 */

import type { Scheduler } from "./scheduler.ts";
import type { SimNetwork } from "./sim-network.ts";

export class SimWire {
  readonly #scheduler: Scheduler;
  readonly #network: SimNetwork;
  readonly #from: string;
  readonly #to: string;
  /** Virtual time before which nothing sent later may arrive. */
  #arrivedMs = 0;
  #stalled: { readonly latencyMs: number; readonly arrive: () => void }[] = [];

  constructor(scheduler: Scheduler, network: SimNetwork, from: string, to: string) {
    this.#scheduler = scheduler;
    this.#network = network;
    this.#from = from;
    this.#to = to;
  }

  get cut(): boolean {
    return this.#network.isCut(this.#from, this.#to);
  }

  /** `waits` says what becomes of it when the way is cut. */
  send(latencyMs: number, arrive: () => void, waits: boolean): void {
    if (!this.cut && this.#stalled.length === 0) return this.#fly(latencyMs, arrive);
    if (!waits) return;
    this.#stalled.push({ latencyMs, arrive });
    if (this.#stalled.length === 1) this.#network.whenHealed(this.#from, this.#to, () => this.#flush());
  }

  #flush(): void {
    for (const { latencyMs, arrive } of this.#stalled.splice(0)) this.#fly(latencyMs, arrive);
  }

  #fly(latencyMs: number, arrive: () => void): void {
    const now = this.#scheduler.elapsedMs;
    this.#arrivedMs = Math.max(this.#arrivedMs, now + latencyMs);
    this.#scheduler.schedule(this.#arrivedMs - now, arrive);
  }
}
