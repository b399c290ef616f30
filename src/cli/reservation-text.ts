/** A reservation in words, for the commands that make, move or show one. */

import { asList, asRecord } from "./connection.ts";
import { columns, paint, type Terminal } from "./terminal.ts";

export function reservationText(body: unknown, terminal: Terminal): string {
  const reservation = asRecord(body);
  const lines = asList(reservation["lines"]).map(asRecord);
  const cells = ["sku", "location", "quantity", "held", "allocated", "fulfilled"];
  const head = `reservation ${paint(terminal, "bold", String(reservation["id"]))}  ${String(reservation["status"])}${expiry(reservation)}\n`;
  return head + columns([cells, ...lines.map((line) => cells.map((cell) => String(line[cell] ?? "")))]);
}

function expiry(reservation: Readonly<Record<string, unknown>>): string {
  return reservation["status"] === "held" ? ` until ${String(reservation["expiresAt"])}` : "";
}
