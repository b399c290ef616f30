/** What a verification found to differ: all counted, the first few kept in words. */

const KEPT_MAX = 20;

export class Differences {
  readonly kept: string[] = [];
  count = 0;

  add(what: string): void {
    this.count++;
    if (this.kept.length < KEPT_MAX) this.kept.push(what);
  }
}
