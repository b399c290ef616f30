/**
 * Certificates for the NATS servers: an authority of one's own, and what it signs. Made with @peculiar/x509, which rests on the platform's own
 * cryptography and needs no program beside Node. Keys are ECDSA P-256.
 */

import "reflect-metadata";
import { createPrivateKey, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

export interface Signed {
  /** PEM. */
  readonly cert: string;
  /** PKCS #8 PEM. */
  readonly key: string;
}

const DAY_MS = 24 * 3_600_000;
/** Clocks of servers may differ. */
const BACKDATED_MS = 3_600_000;
const AUTHORITY_DAYS = 3_650;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const HASH = { name: "ECDSA", hash: "SHA-256" } as const;

/** A new authority, valid for ten years. */
export async function makeAuthority(name: string): Promise<Signed> {
  const keys = await newKeys();
  const cert = await X509CertificateGenerator.createSelfSigned({
    ...frame(`CN=${name}`, AUTHORITY_DAYS),
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: cert.toString("pem"), key: await pemOf(keys.privateKey) };
}

/** A certificate for a server, which is a client too on its routes. `hosts`: names and addresses it is reached by; `days`: valid for. */
export async function makeServerCertificate(
  authority: Signed,
  name: string,
  hosts: readonly string[],
  days: number,
): Promise<Signed> {
  const keys = await newKeys();
  const issuer = new X509Certificate(authority.cert);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    new SubjectAlternativeNameExtension(hosts.map((host) => ({ type: isIP(host) === 0 ? "dns" : "ip", value: host }))),
    await AuthorityKeyIdentifierExtension.create(issuer),
  ];
  const cert = await X509CertificateGenerator.create({
    ...frame(`CN=${name}`, days),
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await signingKeyOf(authority),
    extensions,
  });
  return { cert: cert.toString("pem"), key: await pemOf(keys.privateKey) };
}

function frame(
  subject: string,
  days: number,
): { subject: string; notBefore: Date; notAfter: Date; signingAlgorithm: typeof HASH } {
  const now = Date.now();
  return {
    subject,
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + days * DAY_MS),
    signingAlgorithm: HASH,
  };
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", key));
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" }).export({ format: "pem", type: "pkcs8" }).toString();
}

async function signingKeyOf({ key }: Signed): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(key).export({ format: "der", type: "pkcs8" });
  return await webcrypto.subtle.importKey("pkcs8", der, ALGORITHM, false, ["sign"]);
}
