/** Where signals go: what sources tell that moves no stock. Each is kept at least once; `id` tells a repeat. */

export interface KeptSignal {
  readonly id: string;
  readonly source: string;
  readonly kind: string;
  /** When it happened, ms since 1970; absent: when it arrived. */
  readonly at?: number | undefined;
  readonly sku?: string | undefined;
  readonly location?: string | undefined;
  readonly quantity?: number | undefined;
  readonly reference?: string | undefined;
  readonly detail?: Readonly<Record<string, unknown>> | undefined;
}

export interface Signals {
  /** Resolves when they are on disk; rejects when that is not known. */
  put(signals: readonly KeptSignal[]): Promise<void>;
}
