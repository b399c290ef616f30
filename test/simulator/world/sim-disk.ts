/**
 * The disk behind simulated snapshot stores: what a process would find after a restart, and, after a loss of power, only
 * what had been flushed.
 */

import { type MarkBytes, TABLES, type Table } from "../../../src/ports/index.ts";

export type TableRows = Map<string, Uint8Array>;

export interface Image {
  readonly mark: MarkBytes | undefined;
  readonly tables: Readonly<Record<Table, TableRows>>;
}

export class SimDisk {
  /** Newest checkpoint that readers see. */
  visible: Image = emptyImage();
  /** Newest checkpoint that survives a loss of power. */
  flushed: Image = this.visible;

  losePower(): void {
    this.visible = this.flushed;
  }
}

function emptyImage(): Image {
  return { mark: undefined, tables: tablesFrom(() => new Map()) };
}

/** A copy that can be changed; O(rows). */
export function copyTables(image: Image): Record<Table, TableRows> {
  return tablesFrom((table) => new Map(image.tables[table]));
}

function tablesFrom(make: (table: Table) => TableRows): Record<Table, TableRows> {
  return Object.fromEntries(TABLES.map((table) => [table, make(table)])) as Record<Table, TableRows>;
}
