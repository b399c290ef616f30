/** Remembers the ids of the reservations a load test made, so that they can be given back. */

const ID_MARK = '"id":"';
/** Ids kept; reservations beyond it are left to expire. About 60 MB. */
export const IDS_KEPT_MAX = 500_000;

export class MadeReservations {
  readonly #ids: string[] = [];
  #beyond = 0;

  /** Takes the id out of the body of a 201. */
  note(body: Buffer): void {
    const from = body.indexOf(ID_MARK);
    const to = body.indexOf('"', from + ID_MARK.length);
    if (from < 0 || to < 0) return;
    if (this.#ids.length < IDS_KEPT_MAX) this.#ids.push(body.toString("utf8", from + ID_MARK.length, to));
    else this.#beyond++;
  }

  get ids(): readonly string[] {
    return this.#ids;
  }

  /** Reservations made and not remembered. */
  get beyond(): number {
    return this.#beyond;
  }
}
