/**
 * The connection of one simulated process to JetStream: questions that fail, time out or are answered late, and ordered wires for what changes something.
 * What a process has sent goes on its way also when it dies.
 */

import { NATS, SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimWire } from "./sim-wire.ts";
import type { Weather } from "./weather.ts";

export class SimConnection {
  readonly process: SimProcess;
  readonly weather: Weather;
  readonly network: SimNetwork;
  readonly #machine: string;
  readonly #wires = new Map<string, SimWire>();

  constructor(process: SimProcess, weather: Weather, machine = "machine", network = new SimNetwork()) {
    this.process = process;
    this.weather = weather;
    this.network = network;
    this.#machine = machine;
  }

  /** Whether what JetStream says does not get here. */
  get deaf(): boolean {
    return this.network.isCut(NATS, this.#machine);
  }

  /** Whether what is said here does not get to JetStream. */
  get mute(): boolean {
    return this.network.isCut(this.#machine, NATS);
  }

  /** The ordered way to one lane or bucket. */
  wireTo(name: string): SimWire {
    const known = this.#wires.get(name);
    if (known !== undefined) return known;
    const wire = new SimWire(this.process.scheduler, this.network, this.#machine, NATS);
    this.#wires.set(name, wire);
    return wire;
  }

  /** Sends something that has an effect, in order with the rest of what goes to `name`. */
  send(name: string, extraMs: number, arrive: () => void): void {
    const { weather } = this;
    this.wireTo(name).send(weather.journalLatencyMs() + extraMs, arrive, weather.waitsForHealing());
  }

  /** Calls back when JetStream's word arrives here, unless it does not. */
  hear(callback: () => void): void {
    if (this.deaf) return;
    this.process.scheduler.schedule(this.weather.journalLatencyMs(), this.process.guard(callback));
  }

  /** A question without effect: answered as JetStream has it when it gets there. Rejects when it is not answered, never settles for the dead. */
  ask<T>(fails: boolean, answer: () => T): Promise<T> {
    const { process, weather } = this;
    if (!process.enter()) return new Promise<never>(() => undefined);
    if (fails || this.mute) return this.#noAnswer(fails ? weather.journalLatencyMs() : weather.rates.appendTimeoutMs);
    return new Promise((resolve, reject) => {
      process.scheduler.schedule(weather.journalLatencyMs(), () => {
        if (this.deaf) this.#noAnswer(weather.rates.appendTimeoutMs).catch(reject);
        else this.#settle(answer, resolve, reject);
      });
    });
  }

  #settle<T>(answer: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
    try {
      const value = answer();
      this.process.scheduler.schedule(
        this.weather.journalLatencyMs(),
        this.process.guard(() => resolve(value)),
      );
    } catch (error) {
      this.process.scheduler.schedule(
        0,
        this.process.guard(() => reject(error)),
      );
    }
  }

  #noAnswer(afterMs: number): Promise<never> {
    return this.process.later(afterMs, () => {
      throw new Error("JetStream cannot be asked now");
    });
  }
}
