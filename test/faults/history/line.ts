/** Units of one SKU at one location. */

export interface Line {
  readonly sku: string;
  readonly location: string;
  readonly quantity: number;
}

/** Names the record that a line is about. */
export function pairOf({ sku, location }: { readonly sku: string; readonly location: string }): string {
  return `${sku}@${location}`;
}
