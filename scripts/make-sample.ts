/**
 * Cuts sample/ out of the Online Retail data set: `node scripts/make-sample.ts online_retail_2010-12-01_2011-08-31.csv.gz`.
 *
 * Real: products, invoices, quantities, prices, times, countries. Ours, and said so in sample/README.md: the three
 * warehouses, which customers each serves, and the opening balances. The same input gives the same bytes.
 */

import { createReadStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGunzip, gzipSync } from "node:zlib";
import { parse } from "csv-parse";

const PRODUCTS = 300;
/** Local days of the shop, the last exclusive. */
const FIRST_DAY = "2011-08-18";
const END_DAY = "2011-09-01";
const OPENING = londonToUtc(`${FIRST_DAY} 00:00:00`);
/** Opening balances are whole dozens, and leave at least one when every movement is in. */
const DOZEN = 12;

const LOCATIONS = [
  { location: "uk-dc", type: "dc", name: "Web shop warehouse, United Kingdom", country: "GB", timeZone: "Europe/London" },
  { location: "ie-dc", type: "dc", name: "Web shop warehouse, Ireland", country: "IE", timeZone: "Europe/Dublin" },
  { location: "eu-dc", type: "dc", name: "Web shop warehouse, continent", country: "NL", timeZone: "Europe/Amsterdam" },
] as const;

interface InvoiceLine {
  readonly invoice: string;
  /** Position in the invoice, from 1. */
  readonly line: number;
  readonly sku: string;
  readonly description: string;
  readonly quantity: number;
  /** London wall time, `YYYY-MM-DD hh:mm:ss`. */
  readonly at: string;
  readonly price: number;
  readonly country: string;
}

interface SampleMovement {
  readonly id: string;
  readonly type: "sale" | "return" | "damage" | "adjustment";
  readonly sku: string;
  readonly location: string;
  readonly quantity: number;
  readonly occurredAt: string;
  readonly reference: string;
}

async function main(): Promise<void> {
  const [source, target = join(import.meta.dirname, "..", "sample")] = process.argv.slice(2);
  if (source === undefined) throw new Error("usage: node scripts/make-sample.ts <online_retail...csv.gz> [folder]");
  const lines = await readLines(source);
  const products = topProducts(lines);
  const movements = lines.filter((line) => products.has(line.sku) && line.at >= FIRST_DAY && line.at < END_DAY).map(movementOf);
  const balances = openingBalances(movements);
  writeFileSync(join(target, "locations.csv"), csv(LOCATIONS));
  writeFileSync(join(target, "products.csv"), csv([...products.values()]));
  writeFileSync(join(target, "balances.csv"), csv(balances));
  writeFileSync(join(target, "movements.csv.gz"), gzipSync(csv(movements), { level: 9 }));
  console.log(`${products.size} products, ${balances.length} balances, ${movements.length} movements in ${target}`);
}

async function readLines(path: string): Promise<InvoiceLine[]> {
  const rows = createReadStream(path)
    .pipe(createGunzip())
    .pipe(parse({ columns: true }));
  const lines: InvoiceLine[] = [];
  const lineOfInvoice = new Map<string, number>();
  for await (const row of rows as AsyncIterable<Record<string, string>>) {
    const invoice = row["InvoiceNo"] ?? "";
    const line = (lineOfInvoice.get(invoice) ?? 0) + 1;
    lineOfInvoice.set(invoice, line);
    lines.push({
      invoice,
      line,
      sku: row["StockCode"] ?? "",
      description: (row["Description"] ?? "").trim(),
      quantity: Number(row["Quantity"]),
      at: row["InvoiceDate"] ?? "",
      price: Number(row["UnitPrice"]),
      country: row["Country"] ?? "",
    });
  }
  return lines;
}

interface Product {
  readonly sku: string;
  readonly description: string;
  readonly priceGbp: string;
}

/** The products on most invoice lines; codes such as POST or DOT have no five digits and are no products. */
function topProducts(lines: readonly InvoiceLine[]): ReadonlyMap<string, Product> {
  const sales = lines.filter((line) => /^\d{5}[A-Z]*$/.test(line.sku) && line.quantity > 0 && line.price > 0);
  const bySku = Map.groupBy(sales, (line) => line.sku);
  const top = [...bySku].sort((a, b) => b[1].length - a[1].length || compare(a[0], b[0])).slice(0, PRODUCTS);
  return new Map(
    top
      .sort((a, b) => compare(a[0], b[0]))
      .map(([sku, sold]) => {
        const description = mostFrequent(sold.map((line) => line.description));
        return [sku, { sku, description, priceGbp: mostFrequent(sold.map((line) => line.price.toFixed(2))) }];
      }),
  );
}

function mostFrequent(texts: readonly string[]): string {
  const groups = [...Map.groupBy(texts, (text) => text)];
  return groups.sort((a, b) => b[1].length - a[1].length || compare(a[0], b[0]))[0]?.[0] ?? "";
}

/** A cancellation is a return; what leaves without a price is damage, what appears without one a correction. */
function movementOf(line: InvoiceLine): SampleMovement {
  const cancelled = line.invoice.startsWith("C");
  let type: SampleMovement["type"] = line.quantity > 0 ? "sale" : "damage";
  if (cancelled) type = "return";
  else if (line.quantity > 0 && line.price === 0) type = "adjustment";
  return {
    id: `${line.invoice}-${line.line}`,
    type,
    sku: line.sku,
    location: warehouseOf(line.country),
    quantity: Math.abs(line.quantity),
    occurredAt: londonToUtc(line.at),
    reference: line.invoice,
  };
}

function warehouseOf(country: string): string {
  if (country === "United Kingdom" || country === "Channel Islands") return "uk-dc";
  return country === "EIRE" ? "ie-dc" : "eu-dc";
}

/** For each record: what the movements ever take from it at the deepest, as much again, in whole dozens. */
function openingBalances(movements: readonly SampleMovement[]): object[] {
  const byRecord = Map.groupBy(movements, (movement) => `${movement.sku}\0${movement.location}`);
  return [...byRecord]
    .sort((a, b) => compare(a[0], b[0]))
    .map(([key, ofRecord]) => {
      const [sku, location] = key.split("\0");
      const quantity = Math.ceil((2 * deepest(ofRecord) + 1) / DOZEN) * DOZEN;
      return { sku, location, quantity, occurredAt: OPENING };
    });
}

function deepest(movements: readonly SampleMovement[]): number {
  let level = 0;
  let lowest = 0;
  for (const movement of movements) {
    level += movement.type === "sale" || movement.type === "damage" ? -movement.quantity : movement.quantity;
    lowest = Math.min(lowest, level);
  }
  return -lowest;
}

/** `YYYY-MM-DD hh:mm:ss` on a clock in London, as RFC 3339 in UTC. */
function londonToUtc(local: string): string {
  const asUtc = Date.parse(`${local.replace(" ", "T")}Z`);
  const guess = asUtc - londonOffsetMs(asUtc);
  return new Date(asUtc - londonOffsetMs(guess)).toISOString().replace(".000Z", "Z");
}

/** How far London is ahead of UTC at an instant. */
function londonOffsetMs(instant: number): number {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/London", timeZoneName: "longOffset" });
  const zone = format.formatToParts(instant).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(zone) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000;
}

function csv(rows: readonly object[]): string {
  const header = Object.keys(rows[0] ?? {}).join(",");
  return `${[header, ...rows.map((row) => Object.values(row).map(csvField).join(","))].join("\n")}\n`;
}

function csvField(value: unknown): string {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

await main();
