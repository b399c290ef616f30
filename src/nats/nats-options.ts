/**
 * How to reach the NATS servers, as plain data: it can be sent to a worker thread, and holds paths rather than what is in the files, so that
 * renewed certificates and keys are used from the next connect on.
 */

export type NatsAuth =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  /** `path` of a file with an nkey seed, or with a JWT and its seed. */
  | { readonly kind: "creds"; readonly path: string };

export interface NatsTls {
  /** Paths of PEM files. Without `ca` the authorities of the system are trusted. */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface NatsOptions {
  /** One address, or several with commas between. */
  readonly url: string;
  readonly auth?: NatsAuth | undefined;
  /** Present: a server without TLS is refused. Absent: as the server demands. */
  readonly tls?: NatsTls | undefined;
  /** Replies come to subjects below this; default `_INBOX`. Users that may only listen to an inbox of their own need it. */
  readonly inboxPrefix?: string | undefined;
}

/** The part of a node's settings that this is made from. */
export interface NatsSettings {
  readonly natsUrl: string | undefined;
  readonly natsUser: string | undefined;
  readonly natsPassword: string | undefined;
  readonly natsCreds: string | undefined;
  readonly natsCa: string | undefined;
  readonly natsCert: string | undefined;
  readonly natsKey: string | undefined;
}

/** `url`: of the embedded server, when the settings name none. It asks for neither a user nor TLS, and the settings then have none. */
export function natsOptions(settings: NatsSettings, url: string | undefined = settings.natsUrl): NatsOptions {
  if (url === undefined) throw new TypeError("natsOptions: neither the settings nor the caller name a NATS server");
  const auth = authOf(settings);
  const tls = tlsOf(settings);
  return { url, ...(auth === undefined ? {} : { auth }), ...(tls === undefined ? {} : { tls }) };
}

function authOf({ natsUser, natsPassword, natsCreds }: NatsSettings): NatsAuth | undefined {
  if (natsCreds !== undefined) return { kind: "creds", path: natsCreds };
  if (natsUser !== undefined) return { kind: "password", user: natsUser, password: natsPassword ?? "" };
  return undefined;
}

function tlsOf({ natsCa, natsCert, natsKey }: NatsSettings): NatsTls | undefined {
  if (natsCa === undefined && natsCert === undefined) return undefined;
  return { ca: natsCa, cert: natsCert, key: natsKey };
}
