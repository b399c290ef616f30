/** The stand-ins that the router is tested with do what the real ones do. */

import type { Links } from "../../src/ports/index.ts";
import { splitLinks } from "../../src/router/index.ts";
import { describeKeyValueContract } from "../contracts/key-value-contract.ts";
import { describeLinksContract } from "../contracts/links-contract.ts";
import { MemoryBucket } from "../support/memory-key-value.ts";
import { MemoryNetwork } from "../support/memory-links.ts";

const lanes = { a: "a", b: "b", c: "c" };

describeKeyValueContract("memory", async () => {
  const bucket = new MemoryBucket();
  return { open: async () => bucket.view(), dispose: async () => undefined };
});

describeLinksContract("memory", async () => {
  const network = new MemoryNetwork(setImmediate);
  return { lanes, link: (lane) => network.link(lane), ready: async () => undefined, dispose: async () => undefined };
});

describeLinksContract("a channel over links of small messages", async () => {
  const network = new MemoryNetwork(setImmediate);
  const link = (lane: string): Links => splitLinks(network.link(lane, 1_000), 3)[1] as Links;
  return { lanes, link, ready: async () => undefined, dispose: async () => undefined };
});
