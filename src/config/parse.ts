/** From the text of one setting to its value. A parser answers with the value or with what is wrong, in words. */

import { isIP } from "node:net";
import { API_SCOPES, type ApiKey, type ApiScope, LOG_LEVELS, type LogLevel } from "./settings.ts";

export type Parsed<T> = { readonly value: T } | { readonly wrong: string };
export type Parse<T> = (text: string) => Parsed<T>;

const SECRET_CHARACTERS_MIN = 16;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const WHOLE_NUMBER = /^\d{1,15}$/;
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9-]{0,62})(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62}))*\.?$/;

/** A whole number from `min` to `max`, inclusive. */
export function wholeNumber(min: number, max: number): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (WHOLE_NUMBER.test(text) && value >= min && value <= max) return { value };
    return { wrong: `must be a whole number from ${min} to ${max}` };
  };
}

/** One of a few numbers. */
export function oneOf(numbers: readonly number[]): Parse<number> {
  return (text) => {
    const value = numbers.find((number) => String(number) === text);
    return value === undefined ? { wrong: `must be one of ${numbers.join(", ")}` } : { value };
  };
}

export const yesOrNo: Parse<boolean> = (text) => {
  if (text === "true" || text === "1") return { value: true };
  if (text === "false" || text === "0") return { value: false };
  return { wrong: "must be true or false" };
};

/** A name that can stand in a JetStream stream name and in a URL. */
export const plainName: Parse<string> = (text) =>
  NAME.test(text) ? { value: text } : { wrong: "must be 1 to 64 of the characters A-Z a-z 0-9 _ -" };

export const logLevel: Parse<LogLevel> = (text) => {
  const value = LOG_LEVELS.find((level) => level === text);
  return value === undefined ? { wrong: `must be one of ${LOG_LEVELS.join(", ")}` } : { value };
};

export const hostAddress: Parse<string> = (text) =>
  isIP(text) !== 0 || HOST_NAME.test(text) ? { value: text } : { wrong: "must be an IP address or a host name, without a port" };

/** Empty text means "none". */
export const optionalPath: Parse<string | undefined> = (text) => ({ value: text === "" ? undefined : text });

/** Empty text means "none". */
export const optionalText: Parse<string | undefined> = (text) => ({ value: text === "" ? undefined : text });

/** Comma-separated `nats://host:port` or `tls://host:port`, the scheme and port optional. Empty text means "none". */
export const natsServers: Parse<string | undefined> = (text) => {
  if (text === "") return { value: undefined };
  const servers = text.split(",").map((part) => part.trim());
  const bad = servers.find((server) => !isNatsServer(server));
  if (bad === undefined) return { value: servers.join(",") };
  return {
    wrong: `${JSON.stringify(withoutPassword(bad))} is not a NATS address; write nats://host:4222, several separated by commas`,
  };
};

function isNatsServer(text: string): boolean {
  const withScheme = text.includes("://") ? text : `nats://${text}`;
  const url = URL.parse(withScheme);
  return url !== null && url.hostname !== "" && (url.protocol === "nats:" || url.protocol === "tls:") && !/\s/.test(text);
}

/** Hides user and password of addresses, for print. */
export function withoutPassword(addresses: string): string {
  return addresses.replaceAll(/(^|,|:\/\/)[^,/@]*@/g, "$1***@");
}

/** `name:scope+scope:secret`, several separated by commas. Empty text means "no keys". */
export const apiKeys: Parse<readonly ApiKey[]> = (text) => {
  if (text === "") return { value: [] };
  const keys: ApiKey[] = [];
  for (const [index, part] of text.split(",").entries()) {
    const parsed = apiKey(part.trim());
    if ("wrong" in parsed) return { wrong: `key ${index + 1}: ${parsed.wrong}` };
    keys.push(parsed.value);
  }
  return twice(keys) ?? { value: keys };
};

function apiKey(text: string): Parsed<ApiKey> {
  const [name = "", scopeText = "", ...rest] = text.split(":");
  const secret = rest.join(":");
  // Before it has three parts, any part may be the secret: nothing of it is repeated.
  if (!NAME.test(name) || rest.length === 0)
    return { wrong: "must be name:scope+scope:secret with a name of the characters A-Z a-z 0-9 _ -" };
  const scopes = scopeText.split("+").map((word) => API_SCOPES.find((scope) => scope === word));
  if (scopes.includes(undefined)) return { wrong: `${name}: scopes are ${API_SCOPES.join(", ")}, joined by +` };
  if (secret.length < SECRET_CHARACTERS_MIN)
    return { wrong: `${name}: the secret must have at least ${SECRET_CHARACTERS_MIN} characters` };
  if (!/^[\x21-\x7e]+$/.test(secret))
    return { wrong: `${name}: the secret must be printable ASCII without spaces, since it travels in a header` };
  return { value: { name, scopes: [...new Set(scopes as ApiScope[])], secret } };
}

function twice(keys: readonly ApiKey[]): { readonly wrong: string } | undefined {
  if (new Set(keys.map((key) => key.name)).size < keys.length) return { wrong: "two keys have the same name" };
  if (new Set(keys.map((key) => key.secret)).size < keys.length) return { wrong: "two keys have the same secret" };
  return undefined;
}
