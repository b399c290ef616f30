/** Finishes a generated description: what is described many times is described once, and optional bodies are optional. */

/** Component names by the title of the schema. */
const NAMES: Readonly<Record<string, string>> = {
  "Problem (RFC 9457)": "Problem",
  Reservation: "Reservation",
  Movement: "Movement",
  "Movement results": "MovementResults",
  "Stock record": "StockRecord",
  "Stock of a SKU": "Stock",
  Availability: "Availability",
  Location: "Location",
  Locations: "Locations",
  Cluster: "Cluster",
  "Cluster member": "ClusterMember",
  "Cluster shard": "ClusterShard",
  Pin: "Pin",
  Drains: "Drains",
  "Members of a node": "NodeMembers",
};

type Json = { readonly [name: string]: unknown };

/** A new document; the one given is left as it is. `bodyOptional` judges by operation id. */
export function finishDescription(document: object, bodyOptional: (operationId: string) => boolean): object {
  const schemas: Record<string, unknown> = {};
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    const visited = visitMembers(value as Json, visit);
    const name = nameOf(visited);
    if (name === undefined) return loosened(visited, bodyOptional);
    schemas[name] ??= visited;
    return { $ref: `#/components/schemas/${name}` };
  };
  const { components, ...rest } = visit(document) as Json;
  return { ...rest, components: { ...(components as Json), schemas } };
}

const visitMembers = (value: Json, visit: (member: unknown) => unknown): Json =>
  Object.fromEntries(Object.entries(value).map(([name, member]) => [name, visit(member)]));

function nameOf({ title, properties }: Json): string | undefined {
  return typeof title === "string" && properties !== undefined ? NAMES[title] : undefined;
}

function loosened(value: Json, bodyOptional: (operationId: string) => boolean): Json {
  const { operationId, requestBody } = value;
  if (typeof operationId !== "string" || requestBody === undefined || !bodyOptional(operationId)) return value;
  return { ...value, requestBody: { ...(requestBody as Json), required: false } };
}
