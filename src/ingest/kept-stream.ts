/** Streams beside the inbound one: made when they are first needed, found when they are there. */

import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "@nats-io/nats-core";

export interface KeptStreamOptions {
  readonly name: string;
  readonly subject: string;
  readonly ageMsMax: number;
  readonly replicas: number;
}

/** Error code of nats-server: there is no such stream. */
const STREAM_NOT_FOUND = 10059;

/** A stream on a connection, ensured once; again after a failure. */
export class KeptStream {
  readonly #connection: NatsConnection;
  readonly #options: KeptStreamOptions;
  #manager: Promise<JetStreamManager> | undefined;

  constructor(connection: NatsConnection, options: KeptStreamOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Rejects when NATS does not answer. */
  manager(): Promise<JetStreamManager> {
    this.#manager ??= this.#ensure().catch((error: unknown) => {
      this.#manager = undefined;
      throw error;
    });
    return this.#manager;
  }

  async #ensure(): Promise<JetStreamManager> {
    const { name, subject, ageMsMax, replicas } = this.#options;
    const manager = await jetstreamManager(this.#connection, { checkAPI: false });
    try {
      await manager.streams.info(name);
    } catch (error) {
      if (!(error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND)) throw error;
      await manager.streams.add({
        name,
        subjects: [subject],
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        discard: DiscardPolicy.Old,
        max_age: nanos(ageMsMax),
        num_replicas: replicas,
        allow_direct: true,
      });
    }
    return manager;
  }
}
