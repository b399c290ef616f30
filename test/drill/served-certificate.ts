/** The certificate that a NATS server shows to clients now. It greets in plain text before it speaks TLS. */

import { once } from "node:events";
import { connect } from "node:net";
import { connect as secure } from "node:tls";

const HOST = "127.0.0.1";
const MS_MAX = 10_000;

/** Its fingerprint. */
export async function servedCertificate(port: number): Promise<string> {
  const socket = connect({ host: HOST, port });
  try {
    const signal = AbortSignal.timeout(MS_MAX);
    await once(socket, "data", { signal });
    // Which authority signed it is the clients' business.
    const tls = secure({ socket, servername: "localhost", rejectUnauthorized: false });
    await once(tls, "secureConnect", { signal });
    const { fingerprint256 } = tls.getPeerCertificate();
    tls.destroy();
    return fingerprint256;
  } finally {
    socket.destroy();
  }
}
