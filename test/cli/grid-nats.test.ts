/** The connection of commands to NATS. */

import { expect, it } from "vitest";
import { freePorts } from "../../cluster/local/index.ts";
import { connected } from "../../src/cli/grid-nats.ts";

const MS_MAX = 2_000;

it("says why it did not come about: a certificate that is not known looks like a server that is not there else", async () => {
  const [port] = await freePorts(1);
  await expect(connected({ url: `nats://127.0.0.1:${port}` }, MS_MAX)).rejects.toThrow(
    new RegExp(`NATS at nats://127.0.0.1:${port} does not answer: .*refused`, "i"),
  );
});
