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
import { RegisteredPeers } from "../cluster/registered_peers.ts";
import { EntrySignatures } from "../cluster/signature.ts";
import type { ReplicaEntry } from "../cluster/store.ts";
import { Fleet } from "../fleet/fleet.ts";
import { sessionsElsewhere } from "../fleet/fleet_figures.ts";
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
  /** The replicas, if there are others; see {@linkcode Replica.fleetOf}. */
  readonly fleet: Fleet;
  #member: Member | undefined;
  #signatures: EntrySignatures | undefined;

  /** @param answer answers a call of this server to itself */
  constructor(
    { peers, replica = {} }:
      & Pick<FleetOptions, "peers">
      & Pick<PerfmockOptions, "replica">,
    log: Log,
    answer: (request: Request) => Response | Promise<Response>,
  ) {
    this.#options = replica;
    this.#alone = peers === undefined;
    this.#log = log;
    this.fleet = new Fleet(
      peers ?? new RegisteredPeers({
        member: () => this.#member,
        signatures: () => this.#signatures,
        answer,
      }),
    );
  }

  /** False if the server should get no requests. */
  get ready(): boolean {
    return this.#member?.ready !== false;
  }

  /**
   * Returns reasons why it and the others do not agree, one sentence each.
   *
   * @param own true for its own only, where the others tell theirs
   */
  reasons(own: boolean): readonly string[] {
    const reasons = own ? this.#member?.ownReasons : this.#member?.reasons;
    return reasons ?? [];
  }

  /**
   * Returns the replicas as a world sees them; undefined if it stands alone.
   *
   * @param session name of the session; undefined for the server itself
   * @param store undefined for a server that shares nothing
   */
  fleetOf(
    session: string | undefined,
    store: SharedStore | undefined,
  ): Fleet | undefined {
    const isRegistered = session === undefined && store !== undefined;
    return !this.#alone || isRegistered ? this.fleet : undefined;
  }

  /** Returns sessions at the other replicas; undefined where each replica has sessions of its own. */
  sessionsElsewhere(
    config: () => World["config"],
  ): ReturnType<typeof sessionsElsewhere> | undefined {
    return this.#alone ? undefined : sessionsElsewhere(this.fleet, config);
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
    const signatures = this.#signatures = new EntrySignatures(
      () => world.config.control.token,
      store.key("cluster"),
    );
    changes.agreement = this.#member = await Member.join({
      store: new RedisClusterStore(store),
      subject: changes,
      identity: {
        name: replicaName(this.#options, config.server.port),
        segment: segment.count > 1 ? segmentText(segment) : "",
        version: VERSION,
      },
      sign: (entry) => signatures.sign(entry),
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
