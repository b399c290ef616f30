/** What a grid says of the stock and the reservations of a load that has ended: a restore must bring back the same. */

import { isDeepStrictEqual } from "node:util";
import { PLACE, type Shoppers } from "../faults/load/shoppers.ts";

const AT_ONCE = 16;

export class Snapshot {
  readonly #shoppers: Shoppers;
  readonly #paths: readonly string[];
  readonly #answers: readonly unknown[];

  private constructor(shoppers: Shoppers, paths: readonly string[], answers: readonly unknown[]) {
    this.#shoppers = shoppers;
    this.#paths = paths;
    this.#answers = answers;
  }

  static async take(shoppers: Shoppers): Promise<Snapshot> {
    const { settings, books } = shoppers;
    const paths = [
      ...settings.skus.map((sku) => `/v1/stock/${sku}/${PLACE}${settings.strictQuery ?? ""}`),
      ...books.acknowledged.map(({ id }) => `/v1/reservations/${id}`),
    ];
    return new Snapshot(shoppers, paths, await askAll(shoppers, paths));
  }

  /** Throws the first thing that the grid says differently now. */
  async mustBeSo(): Promise<void> {
    const now = await askAll(this.#shoppers, this.#paths);
    for (const [index, path] of this.#paths.entries()) {
      const [before, after] = [this.#answers[index], now[index]];
      if (!isDeepStrictEqual(before, after))
        throw new Error(`${path} was ${JSON.stringify(before)} and is ${JSON.stringify(after)}`);
    }
  }

  /** How many of these reservations the grid does not know, or knows otherwise. */
  async changed(): Promise<number> {
    const now = await askAll(this.#shoppers, this.#paths);
    return this.#answers.filter((before, index) => !isDeepStrictEqual(before, now[index])).length;
  }
}

async function askAll(shoppers: Shoppers, paths: readonly string[]): Promise<unknown[]> {
  const client = shoppers.client();
  const answers: unknown[] = [];
  for (let first = 0; first < paths.length; first += AT_ONCE)
    answers.push(...(await Promise.all(paths.slice(first, first + AT_ONCE).map((path) => client.get(path)))).map(bodyOf));
  return answers;
}

function bodyOf({ status, body }: { readonly status: number | undefined; readonly body: unknown }): unknown {
  return { status, body: status === 200 ? body : undefined };
}
