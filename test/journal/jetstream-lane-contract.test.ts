/** The journal contract on real JetStream. */

import { afterAll, beforeAll } from "vitest";
import { openLane } from "../../src/journal/index.ts";
import { connectNats } from "../../src/nats/index.ts";
import { describeJournalContract, type LaneUnderTest } from "../contracts/journal-contract.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { silentLog } from "../support/silent-log.ts";

let nats: TestNats;
let lanes = 0;

beforeAll(async () => {
  nats = await startTestNats();
});

afterAll(async () => {
  await nats.stop();
});

async function makeLane(): Promise<LaneUnderTest> {
  const stream = `STOCKGRID_LANE_contract_${lanes++}_0`;
  const connections: Awaited<ReturnType<typeof connectNats>>[] = [];
  return {
    open: async () => {
      const connection = await connectNats({ url: nats.url, name: "contract", log: silentLog });
      connections.push(connection);
      return await openLane({ connection, stream });
    },
    dispose: async () => {
      for (const connection of connections) await connection.close();
    },
  };
}

describeJournalContract("JetStream", makeLane);
