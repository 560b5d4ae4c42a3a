/**
 * The place of a server among the replicas that share the same Redis.
 *
 * @module
 */
import {
  reachableUrl,
  replicaName,
  type ReplicaOptions,
} from "../cluster/identity.ts";
import { Member } from "../cluster/member.ts";
import { RedisClusterStore } from "../cluster/redis_store.ts";
import type { ReplicaEntry } from "../cluster/store.ts";
import type { SharedStore } from "../plugin.ts";
import { segmentText } from "../scale/segment.ts";
import { VERSION } from "../version.ts";
import type { Log } from "../world/state.ts";
import type { World } from "../world/world.ts";
import type { ReplicaOptions as FleetOptions } from "./handover.ts";
import type { PerfmockOptions } from "./perfmock.ts";

/** A server as one of several replicas; none where the configuration shares nothing. */
export class Replica implements AsyncDisposable {
  readonly #options: ReplicaOptions;
  /** False for one of the processes of `serve --processes`, which agree among themselves. */
  readonly #alone: boolean;
  readonly #log: Log;
  #member: Member | undefined;

  constructor(
    { peers, replica = {} }:
      & Pick<FleetOptions, "peers">
      & Pick<PerfmockOptions, "replica">,
    log: Log,
  ) {
    this.#options = replica;
    this.#alone = peers === undefined;
    this.#log = log;
  }

  /** False if the server should get no requests. */
  get ready(): boolean {
    return this.#member?.ready !== false;
  }

  /** Reasons why it does not agree with the others, one sentence each. */
  get reasons(): readonly string[] {
    return this.#member?.reasons ?? [];
  }

  /** All replicas that live, itself included; undefined for a server that shares nothing. */
  get all(): readonly ReplicaEntry[] | undefined {
    return this.#member?.replicas;
  }

  /**
   * Joins the others and takes over their configuration. From then on all agree on each change.
   *
   * @param store undefined for a server that shares nothing
   * @throws PerfmockError `REPLICA_CONFLICT`, `SHARED_STATE_LOST`, or if their configuration is not valid here
   */
  async join(world: World, store: SharedStore | undefined): Promise<void> {
    if (store === undefined || !this.#alone) return;
    const { changes, config, segment } = world;
    changes.agreement = this.#member = await Member.join({
      store: new RedisClusterStore(store),
      subject: changes,
      identity: {
        name: replicaName(this.#options, config.server.port),
        segment: segment.count > 1 ? segmentText(segment) : "",
        version: VERSION,
      },
      log: this.#log,
    });
  }

  /**
   * Tells the others where they reach this server.
   *
   * @param url at which it listens
   */
  async listens(url: URL, { host }: World["config"]["server"]): Promise<void> {
    await this.#member?.advertise(
      reachableUrl(this.#options, url, [host].flat()),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#member?.[Symbol.asyncDispose]();
  }
}
