/**
 * Warehouses: what arrives, moves about, leaves, and what was counted.
 *
 * W1. Counts and snapshots state what was there of a SKU at the whole location at their time, which they must have. Lines of one SKU, of several bins, are summed.
 * W2. A snapshot says nothing of SKUs that it does not name.
 */

import Type, { type Static } from "typebox";
import { type EpochMs, type LocationId, QUANTITY_MAX } from "../base/index.ts";
import { type MovementType, QUARANTINE_REASON } from "../stock/index.ts";
import { Draft, type Item as KnownItem } from "./draft.ts";
import {
  CountedQuantity,
  closed,
  DateText,
  FormsByEvent,
  Item,
  lines,
  event as named,
  Place,
  Quantity,
  Text,
  Time,
} from "./form.ts";
import type { Interpretation, SourceContext, SourceEvent } from "./interpretation.ts";

const batch = {
  lot: Type.Optional(Text("Batch", "L42")),
  expiry: Type.Optional(DateText),
  serials: Type.Optional(Type.Array(Text("Of one piece"), { minItems: 1, maxItems: 1_000 })),
};
const bin = { bin: Type.Optional(Text("Where in the location", "A-01-03")) };
const Line = closed({ item: Item, quantity: Quantity, ...batch, ...bin });
const CountedLine = closed({ item: Item, quantity: CountedQuantity, ...batch, ...bin });
const task = {
  warehouse: Type.Optional(Place),
  at: Type.Optional(Time),
  reference: Type.Optional(Text("Order, receipt or task", "po-4711")),
};

export const WMS_FORMS = {
  receive: closed({
    ...{ event: named("receive"), ...task },
    lines: lines(closed({ ...Line.properties, condition: Type.Optional(Type.Enum(["good", "damaged"])) })),
  }),
  putaway: closed({ event: named("putaway"), ...task, lines: lines(Line) }),
  pick: closed({ event: named("pick"), ...task, lines: lines(Line) }),
  "short-pick": closed({
    ...{ event: named("short-pick"), ...task },
    lines: lines(closed({ item: Item, requested: Quantity, picked: CountedQuantity, ...batch, ...bin })),
  }),
  pack: closed({ event: named("pack"), ...task, lines: lines(Line) }),
  ship: closed({ event: named("ship"), ...task, lines: lines(Line) }),
  move: closed({
    ...{ event: named("move"), ...task, toWarehouse: Type.Optional(Place) },
    lines: lines(
      closed({ item: Item, quantity: Quantity, ...batch, from: Type.Optional(Text("Bin")), to: Type.Optional(Text("Bin")) }),
    ),
  }),
  "cycle-count": closed({ event: named("cycle-count"), ...task, lines: lines(CountedLine) }),
  snapshot: closed({ event: named("snapshot"), ...task, lines: lines(CountedLine) }),
};

const forms = new FormsByEvent(WMS_FORMS);
type Form = Extract<ReturnType<typeof forms.read>, { form: unknown }>["form"];
type Batch = Partial<Pick<Static<typeof Line>, "lot" | "expiry" | "serials">>;

interface Scene {
  readonly location: LocationId;
  readonly occurredAt: EpochMs | undefined;
  readonly reference: string | undefined;
}

export function interpretWms(event: SourceEvent, context: SourceContext): Interpretation {
  const read = forms.read(event.data);
  if ("problem" in read) return read.problem;
  const { form } = read;
  const draft = new Draft(event, context);
  const location = draft.home("/data/warehouse", form.warehouse);
  if (location === undefined) return draft.result("");
  const occurredAt = draft.time("/data/at", form.at, location);
  const scene = { location, occurredAt, reference: draft.text("/data/reference", form.reference) };
  switch (form.event) {
    case "cycle-count":
    case "snapshot":
      count(form, scene, draft);
      break;
    case "short-pick":
      shortPick(form, scene, draft);
      break;
    case "move":
      return move(form, scene, draft);
    case "receive":
      receive(form, scene, draft);
      break;
    default:
      handle(form, scene, draft);
  }
  return draft.result(`${form.event} moves nothing that is counted`);
}

/** One line, resolved: 1 for the first place in the event. */
function each<L extends { item: string } & Batch>(
  linesOfForm: readonly L[],
  draft: Draft,
  use: (line: L, item: KnownItem, place: number, path: string) => void,
): void {
  for (const [index, line] of linesOfForm.entries()) {
    const path = `/data/lines/${index}`;
    const item = draft.item(`${path}/item`, line.item);
    for (const text of [line.lot, ...(line.serials ?? [])]) draft.text(path, text);
    if (item !== undefined) use(line, item, index + 1, path);
  }
}

const batchOf = ({ lot, expiry, serials }: Batch, item: KnownItem): object => ({
  lot: lot ?? item.lot,
  expiry: expiry ?? item.expiry,
  serials: serials ?? (item.serial === undefined ? undefined : [item.serial]),
});

const TYPES: Readonly<Record<"putaway" | "pick" | "pack" | "ship", MovementType>> = {
  putaway: "putaway",
  pick: "pick",
  pack: "pack",
  ship: "ship",
};

function handle(form: Extract<Form, { event: keyof typeof TYPES }>, scene: Scene, draft: Draft): void {
  each(form.lines, draft, (line, item, place, path) => {
    const quantity = draft.units(`${path}/quantity`, line.quantity, item);
    if (quantity !== undefined)
      draft.move(place, { type: TYPES[form.event], sku: item.sku, quantity, ...scene, ...batchOf(line, item) });
  });
}

function receive(form: Extract<Form, { event: "receive" }>, scene: Scene, draft: Draft): void {
  each(form.lines, draft, (line, item, place, path) => {
    const quantity = draft.units(`${path}/quantity`, line.quantity, item);
    if (quantity === undefined) return;
    const goods = { sku: item.sku, quantity, ...scene, ...batchOf(line, item) };
    draft.move(place, { type: "receipt", ...goods });
    if (line.condition === "damaged") draft.move(`${place}.2`, { type: "damage", ...goods, reason: QUARANTINE_REASON });
  });
}

/** What was not found is a signal: the books stand until somebody counts. */
function shortPick(form: Extract<Form, { event: "short-pick" }>, scene: Scene, draft: Draft): void {
  each(form.lines, draft, (line, item, place, path) => {
    const requested = draft.units(`${path}/requested`, line.requested, item);
    const picked = draft.units(`${path}/picked`, line.picked, item, 0);
    if (requested === undefined || picked === undefined) return;
    if (picked >= requested) draft.fail(`${path}/picked`, "must be below requested; what was picked in full is a pick");
    if (picked > 0) draft.move(place, { type: "pick", sku: item.sku, quantity: picked, ...scene, ...batchOf(line, item) });
    const { location, occurredAt: at, reference } = scene;
    draft.signal({
      kind: "short-pick",
      at,
      sku: item.sku,
      location,
      quantity: requested - picked,
      reference,
      detail: { bin: line.bin },
    });
  });
}

function move(form: Extract<Form, { event: "move" }>, scene: Scene, draft: Draft): Interpretation {
  const to = form.toWarehouse === undefined ? scene.location : draft.place("/data/toWarehouse", form.toWarehouse);
  each(form.lines, draft, (line, item, place, path) => {
    const quantity = draft.units(`${path}/quantity`, line.quantity, item);
    if (quantity === undefined || to === undefined || to === scene.location) return;
    const goods = { sku: item.sku, quantity, ...scene, ...batchOf(line, item) };
    draft.move(place, { type: "transfer-out", ...goods, toLocation: to });
    draft.move(`${place}.2`, { type: "transfer-in", ...goods, location: to });
  });
  return draft.result("a move between bins of one location moves nothing that is counted");
}

function count(form: Extract<Form, { event: "cycle-count" | "snapshot" }>, scene: Scene, draft: Draft): void {
  if (scene.occurredAt === undefined) draft.fail("/data/at", "must say when it was counted, here or in the envelope's time");
  const sums = new Map<string, { item: KnownItem; quantity: number; place: number }>();
  each(form.lines, draft, (line, item, place, path) => {
    const quantity = draft.units(`${path}/quantity`, line.quantity, item, 0);
    if (quantity === undefined) return;
    const sum = sums.get(item.sku);
    if (sum === undefined) sums.set(item.sku, { item, quantity, place });
    else if (sum.quantity + quantity > QUANTITY_MAX)
      draft.fail(`${path}/quantity`, `takes the sum of ${item.sku} above ${QUANTITY_MAX}`);
    else sum.quantity += quantity;
  });
  for (const { item, quantity, place } of sums.values()) {
    draft.move(place, { type: "count", sku: item.sku, quantity, ...scene, reason: form.event });
  }
}
