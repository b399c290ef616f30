/** Chooses the port of the embedded server: the last one when it is free, else one that the system gives. */
import { createServer } from "node:net";
import { HOST } from "./server-files.ts";

export async function choosePort(preferred: number | undefined): Promise<number> {
  const kept = preferred === undefined ? undefined : await tryPort(preferred);
  const port = kept ?? (await tryPort(0));
  if (port === undefined) throw new Error(`no port is free on ${HOST}`);
  return port;
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen({ host: HOST, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(address === null || typeof address === "string" ? undefined : address.port));
    });
  });
}
