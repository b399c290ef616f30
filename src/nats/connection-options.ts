/** From plain {@link NatsOptions} to the options of the NATS client. Reads the files they name. */

import { readFileSync } from "node:fs";
import { type Authenticator, credsAuthenticator, nkeyAuthenticator } from "@nats-io/nats-core";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import type { NatsAuth, NatsOptions, NatsTls } from "./nats-options.ts";

/** A file of credentials cannot be used. Names it, never what is in it. */
export class UnusableCredentials extends Error {
  override readonly name = "UnusableCredentials";
}

/** Throws UnusableCredentials, or the error of the file system for a file that cannot be read. */
export function connectionOptions({ url, auth, tls, inboxPrefix }: NatsOptions): NodeConnectionOptions {
  return {
    servers: url.split(",").map((server) => server.trim()),
    ...(auth === undefined ? {} : authOptions(auth)),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  };
}

function authOptions(auth: NatsAuth): Pick<NodeConnectionOptions, "user" | "pass" | "authenticator"> {
  if (auth.kind === "password") return { user: auth.user, pass: auth.password };
  // Once now, so that a missing or wrong file stops the start; then at every connect, so that a renewed one is used.
  authenticatorOf(auth.path);
  return { authenticator: (nonce) => authenticatorOf(auth.path)(nonce) };
}

function authenticatorOf(path: string): Authenticator {
  const text = readFileSync(path);
  const words = text.toString("utf8");
  if (words.includes("-----BEGIN NATS USER JWT-----")) return credsAuthenticator(text);
  const seed = /^SU[A-Z2-7]{56}$/m.exec(words)?.[0];
  if (seed === undefined) throw new UnusableCredentials(`${path} holds neither the nkey seed of a user nor NATS credentials`);
  return nkeyAuthenticator(Buffer.from(seed));
}

function tlsOptions({ ca, cert, key }: NatsTls): NonNullable<NodeConnectionOptions["tls"]> {
  // Read at every connect; once now, so that a missing file stops the start rather than looks like a server that is away.
  for (const path of [ca, cert, key]) if (path !== undefined) readFileSync(path);
  return {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  };
}
