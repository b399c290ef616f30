/**
 * What lets a client send straight to the owner of a shard: the map of owners, and the subjects that reach one member alone.
 *
 * K1. The subjects of a member do what the shared ones do: a client that goes by an old map is served all the same.
 */

import { invariant } from "../../base/index.ts";
import { viewAnswer } from "./answer.ts";
import type { Operation } from "./operation.ts";
import { PREFIX } from "./operations.ts";

/** As `stockgrid.v1.cluster.map` answers. */
export interface ClusterMap {
  /** Shards of the cluster, at least 1. */
  readonly shards: number;
  /** Grows with every change of owners. */
  readonly revision: number;
  /** Lane of the owner of each shard; empty for a shard that nobody serves now. */
  readonly owners: readonly string[];
}

export interface ClusterOptions {
  /** Lane of this member: a token of a subject. */
  readonly lane: string;
  /** The newest map this member knows. Asked for every request of it. */
  readonly map: () => ClusterMap;
}

const TOKEN = /^[^\s.*>]+$/;

/** Answers the map, whatever the request holds. */
export function mapOperation({ map }: ClusterOptions): Operation {
  return {
    name: "cluster-map",
    subject: `${PREFIX}cluster.map`,
    bodiless: true,
    run: (_grid, _body, done) => {
      const { shards, revision, owners } = map();
      done(viewAnswer({ shards, revision, owners }));
    },
  };
}

/** Subject under which one member alone answers an operation: `stockgrid.v1.at.<lane>.<rest>`. */
export function subjectAt({ lane }: ClusterOptions, { subject }: Operation): string {
  invariant(TOKEN.test(lane), `a lane cannot be a token of a subject: ${lane}`);
  return `${PREFIX}at.${lane}.${subject.slice(PREFIX.length)}`;
}
