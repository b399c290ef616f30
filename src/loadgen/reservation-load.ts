/** The load itself: reservations of one unit over a set of SKUs, as ready-made bytes, and the stock they need. */

export interface ReservationLoad {
  /** SKUs are `<prefix>0` to `<prefix><skus-1>`. */
  readonly skuPrefix: string;
  readonly skus: number;
  readonly location: string;
  readonly ttlSeconds: number;
}

export function skuOf(load: ReservationLoad, index: number): string {
  return `${load.skuPrefix}${index % load.skus}`;
}

/** JSON body of reservation `index`: the SKUs in turn. */
export function reservationBody(load: ReservationLoad, index: number): string {
  const { location, ttlSeconds } = load;
  return JSON.stringify({ sku: skuOf(load, index), location, quantity: 1, ttlSeconds });
}

/** `POST` requests of all SKUs, head and body, made once so that sending one costs nothing. */
export function reservationRequests(load: ReservationLoad, url: URL, headers: Readonly<Record<string, string>>): Buffer[] {
  const lines = Object.entries({ Host: url.host, "Content-Type": "application/json", ...headers });
  const head = `POST ${pathUnder(url, "/v1/reservations")} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}`;
  return Array.from({ length: load.skus }, (_, index) => {
    const body = reservationBody(load, index);
    return Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  });
}

export function pathUnder(url: URL, path: string): string {
  return url.pathname.replace(/\/$/, "") + path;
}
