/** The books of the test: what was acknowledged, and what must therefore be there. */

export interface Acknowledged {
  readonly id: string;
  readonly sku: string;
  readonly quantity: number;
  state: "held" | "confirmed" | "released" | "fulfilled";
}

export interface Expected {
  readonly held: number;
  readonly allocated: number;
  readonly fulfilled: number;
}

export class Books {
  readonly acknowledged: Acknowledged[] = [];
  /** Movement ids that were acknowledged, with their units, by SKU. */
  readonly received = new Map<string, number>();

  reserve(id: string, sku: string, quantity: number): Acknowledged {
    const entry: Acknowledged = { id, sku, quantity, state: "held" };
    this.acknowledged.push(entry);
    return entry;
  }

  receive(sku: string, quantity: number): void {
    this.received.set(sku, (this.received.get(sku) ?? 0) + quantity);
  }

  expected(sku: string): Expected {
    const units = (state: Acknowledged["state"]): number =>
      this.acknowledged.reduce((sum, entry) => (entry.sku === sku && entry.state === state ? sum + entry.quantity : sum), 0);
    return { held: units("held"), allocated: units("confirmed"), fulfilled: units("fulfilled") };
  }
}
