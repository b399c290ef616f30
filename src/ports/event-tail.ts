/** The published event feed, read back for one listener: what server-sent events and `stockgrid tail` are made of. */

export interface TailFilter {
  readonly sku?: string | undefined;
  readonly location?: string | undefined;
  /** Short name, such as `held`. */
  readonly type?: string | undefined;
}

export interface TailListener {
  /** One CloudEvent as JSON text; `position` resumes after it. */
  onEvent(position: string, json: string): void;
  /** The tail ended on its own; called at most once, never after `stop`. */
  onEnd(reason: string): void;
}

export interface EventTail {
  /**
   * Resolves to `stop` once the subscription is live. Without `after` it starts with the next event.
   * Resolves to `unknown-position` when `after` was never given out by this feed, or its events are no longer kept.
   */
  follow(filter: TailFilter, after: string | undefined, listener: TailListener): Promise<(() => void) | "unknown-position">;
}
