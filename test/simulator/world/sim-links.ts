/**
 * Messages between simulated members. Inside a machine they always arrive; between machines they may be lost, or cut off; the order of a pair is kept; nothing
 * reaches the dead.
 */

import { invariant } from "../../../src/base/index.ts";
import type { Links } from "../../../src/ports/index.ts";
import { copyOf } from "./bytes.ts";
import type { SimNetwork } from "./sim-network.ts";
import type { SimProcess } from "./sim-process.ts";
import { SimWire } from "./sim-wire.ts";
import type { Weather } from "./weather.ts";

/** Who receives messages now, by lane. */
export class SimPost {
  readonly #ends = new Map<string, SimLinks>();

  attach(links: SimLinks): void {
    this.#ends.set(links.lane, links);
  }

  at(lane: string): SimLinks | undefined {
    return this.#ends.get(lane);
  }
}

export class SimLinks implements Links {
  readonly lane: string;
  readonly machine: string;
  readonly messageBytesMax: number;
  readonly #post: SimPost;
  readonly #process: SimProcess;
  readonly #network: SimNetwork;
  readonly #weather: Weather;
  readonly #wires = new Map<string, SimWire>();
  #onMessage: ((from: string, message: Uint8Array) => void) | undefined;

  constructor(
    place: { readonly lane: string; readonly machine: string; readonly messageBytesMax: number },
    process: SimProcess,
    { post, network, weather }: { readonly post: SimPost; readonly network: SimNetwork; readonly weather: Weather },
  ) {
    this.lane = place.lane;
    this.machine = place.machine;
    this.messageBytesMax = place.messageBytesMax;
    this.#post = post;
    this.#process = process;
    this.#network = network;
    this.#weather = weather;
    post.attach(this);
  }

  send(to: string, message: Uint8Array): void {
    if (!this.#process.enter()) return;
    invariant(message.length <= this.messageBytesMax, `a message of ${message.length} bytes is too large`);
    const machine = this.#post.at(to)?.machine;
    if (machine === undefined) return;
    const local = machine === this.machine;
    const sent = copyOf(message);
    const lost = !local && this.#weather.linkLoses();
    if (!lost) this.#wireTo(to, machine).send(local ? 0 : this.#weather.linkLatencyMs(), () => this.#deliver(to, sent), false);
  }

  receive(onMessage: (from: string, message: Uint8Array) => void): void {
    this.#onMessage = onMessage;
  }

  #deliver(to: string, message: Uint8Array): void {
    const end = this.#post.at(to);
    if (end !== undefined) end.#process.guard(() => end.#onMessage?.(this.lane, message))();
  }

  #wireTo(to: string, machine: string): SimWire {
    const name = `${machine} ${to}`;
    const known = this.#wires.get(name);
    if (known !== undefined) return known;
    const wire = new SimWire(this.#process.scheduler, this.#network, this.machine, machine);
    this.#wires.set(name, wire);
    return wire;
  }
}
