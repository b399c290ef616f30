import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeAuthority, makeServerCertificate } from "../../cluster/nats/index.ts";
import { connectionOptions, connectNats, type NatsOptions, natsOptions, UnusableCredentials } from "../../src/nats/index.ts";
import type { Log } from "../../src/ports/index.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

let nats: TestNats;

beforeEach(async () => {
  nats = await startTestNats();
});

afterEach(async () => {
  await nats.stop();
});

it("waits for a server that is not there yet", async () => {
  await nats.kill();
  const connecting = connectNats({ url: nats.url, name: "early", log: silentLog });
  await nats.restart();
  const connection = await connecting;
  expect(connection.isClosed()).toBe(false);
  await connection.close();
});

it("comes back by itself and says so in the log", async () => {
  const lines: string[] = [];
  const keep = (_: object, message: string): void => {
    lines.push(message);
  };
  const log: Log = { info: keep, warn: keep, error: keep };
  const connection = await connectNats({ url: `nats://127.0.0.1:1, ${nats.url}`, name: "back", log });
  await nats.kill();
  await expect.poll(() => lines).toContain("NATS connection lost");
  await nats.restart();
  await expect.poll(() => lines).toContain("NATS connection is back");
  await connection.flush();
  await connection.close();
});

describe("the options of a node's settings", () => {
  const NONE = {
    natsUser: undefined,
    natsPassword: undefined,
    natsCreds: undefined,
    natsCa: undefined,
    natsCert: undefined,
    natsKey: undefined,
  };

  it("are plain data", () => {
    const settings = {
      ...NONE,
      natsUrl: "tls://a",
      natsCreds: "/grid.nk",
      natsCa: "/ca.pem",
      natsCert: "/cert",
      natsKey: "/key",
    };
    const options = natsOptions(settings);
    const { cert, key, ca } = { cert: "/cert", key: "/key", ca: "/ca.pem" };
    expect(options).toEqual({ url: "tls://a", auth: { kind: "creds", path: "/grid.nk" }, tls: { ca, cert, key } });
    expect(structuredClone(options)).toEqual(options);
    expect(natsOptions({ ...NONE, natsUrl: "a", natsUser: "u", natsPassword: "p" })).toEqual({
      url: "a",
      auth: { kind: "password", user: "u", password: "p" },
    });
  });

  it("take the embedded server's address", () => {
    expect(natsOptions({ ...NONE, natsUrl: undefined }, "nats://here")).toEqual({ url: "nats://here" });
  });
});

describe("credentials", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "stockgrid-nats-auth-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const open = async (options: Partial<NatsOptions>): Promise<string> => {
    const connection = await connectNats({ url: nats.url, name: "who", log: silentLog, ...options });
    await connection.flush();
    await connection.close();
    return "connected";
  };

  it("are user and password", async () => {
    await nats.stop();
    nats = await startTestNats('authorization { user: grid, password: "right" }');
    expect(await open({ auth: { kind: "password", user: "grid", password: "right" } })).toBe("connected");
    await expect(open({ auth: { kind: "password", user: "grid", password: "wrong" } })).rejects.toThrow(/authorization/i);
  });

  it("stop the start when their file is missing or holds none, without a word of what it holds", async () => {
    const path = join(folder, "grid.nk");
    await expect(open({ auth: { kind: "creds", path } })).rejects.toThrow(/ENOENT/);
    await expect(open({ tls: { ca: join(folder, "no-ca.pem") } })).rejects.toThrow(/ENOENT/);
    await writeFile(path, "not-a-seed-but-secret");
    const refused = await open({ auth: { kind: "creds", path } }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UnusableCredentials);
    expect(String(refused)).not.toContain("not-a-seed");
  });

  it("are a certificate where the server asks for one", async () => {
    const authority = await makeAuthority("test");
    const files = { ca: join(folder, "ca.pem"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    const { cert, key } = await makeServerCertificate(authority, "test", ["localhost"], 1);
    await Promise.all([writeFile(files.ca, authority.cert), writeFile(files.cert, cert), writeFile(files.key, key)]);
    await nats.stop();
    nats = await startTestNats(
      `tls { cert_file: "${files.cert}", key_file: "${files.key}", ca_file: "${files.ca}", verify: true }`,
    );
    expect(await open({ tls: files })).toBe("connected");
    const bare = connectionOptions({ url: nats.url, tls: { ca: files.ca } });
    await expect(connect({ ...bare, reconnect: false })).rejects.toThrow();
  });

  it("are looked at from this side too: a server of another authority is not talked to, and the log says why", async () => {
    const [authority, other] = [await makeAuthority("test"), await makeAuthority("other")];
    const files = { ca: join(folder, "ca.pem"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    const { cert, key } = await makeServerCertificate(authority, "test", ["localhost"], 1);
    await Promise.all([writeFile(files.ca, other.cert), writeFile(files.cert, cert), writeFile(files.key, key)]);
    await nats.stop();
    nats = await startTestNats(`tls { cert_file: "${files.cert}", key_file: "${files.key}" }`);
    const reasons: string[] = [];
    const keep = (fields: object): void => {
      reasons.push(JSON.stringify(fields));
    };
    const connecting = connectNats({
      url: nats.url,
      name: "wary",
      log: { info: keep, warn: keep, error: keep },
      tls: { ca: files.ca },
    });
    await expect.poll(() => reasons.join(), { timeout: 10_000 }).toMatch(/certificate/i);
    // Renewed: the files are read at every try.
    await writeFile(files.ca, authority.cert);
    const connection = await connecting;
    await connection.close();
  });
});
