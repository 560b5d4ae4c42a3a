/**
 * The place where replicas meet: the register of those that run, and the configuration that all of them serve. It is Redis in
 * operation, and memory in tests; both answer alike.
 *
 * A change of the configuration is a ballot. The replica that makes it has built it already, and proposes it for the state that it
 * knows; the proposal is refused at once where another was faster. Each of the others builds it, takes nothing over, and votes. With the
 * last vote for it the proposal is the new state, and every replica switches to what it has built. One vote against it, or a replica
 * that does not vote in time, and it is none: no replica has changed anything. So all replicas serve a state that each of them has built.
 *
 * @module
 */
import type { Issue } from "../errors.ts";

/** A replica, as it enters itself. */
export interface ReplicaEntry {
  /** Unique name, such as `perfmock-0:8080`. */
  readonly name: string;
  /** Id of the process: a replica that was started again has another one. */
  readonly process: string;
  /** URL at which the other replicas reach it, with a trailing slash; empty before it listens. */
  readonly url: string;
  /** Its segment, such as `1/4`; empty without one. */
  readonly segment: string;
  /** Version of perfmock. */
  readonly version: string;
  /** Digest of the configuration that it was started with. */
  readonly base: string;
  /** Reason why it serves another state than the others; empty if it does not. */
  readonly behind: string;
  /** Signature of the replica, made with the token of the control API; empty without a token. */
  readonly signature: string;
}

/** State that all replicas serve, with its place in the order of all states. */
export interface SharedState {
  /** Number of the state: greater than that of every state before it. */
  readonly serial: number;
  /** Revision of the configuration, which counts its changes, and not those of the pace. */
  readonly revision: number;
  /** Digest of the configuration that was read last, from which the state was made. */
  readonly base: string;
  /** Digest of the configuration in the document, and of the whole document. */
  readonly configuration: string;
  readonly digest: string;
  /** The document, as JSON. */
  readonly document: string;
}

/** A state without its serial number, which is one more than that of the state it replaces. */
export type NextState = Omit<SharedState, "serial">;

/** A state under vote. */
export interface Proposal extends NextState {
  /** Unique id. */
  readonly id: string;
  /** Serial number of the state that it would replace. */
  readonly replaces: number;
  /** Name of the replica that made the change. */
  readonly by: string;
}

/** Reason why a replica may not join, with the replica that stands against it. */
export interface Conflict {
  readonly kind: "name" | "segment" | "count" | "version" | "configuration";
  readonly entry: ReplicaEntry;
}

/** Result of {@linkcode ClusterStore.join}. */
export type Joined =
  | {
    readonly joined: true;
    /** State to serve: the replica's own where it is the first, or has the latest. */
    readonly state: SharedState;
    /** All replicas, itself included. */
    readonly replicas: readonly ReplicaEntry[];
  }
  | { readonly joined: false; readonly conflicts: readonly Conflict[] }
  /** A ballot is under way. */
  | { readonly joined: false; readonly conflicts?: undefined };

/** Result of {@linkcode ClusterStore.beat}. */
export type Beat =
  | {
    readonly known: true;
    readonly serial: number;
    /** Id of the proposal under vote; empty for none. */
    readonly proposal: string;
    readonly replicas: readonly ReplicaEntry[];
    /** Names of replicas that have left or died since the figures were reset last, with what they had counted. */
    readonly gone: readonly string[];
  }
  /** The store does not know this replica, or has lost the state: it has to join again. */
  | { readonly known: false };

/** Result of {@linkcode ClusterStore.propose}. */
export type Proposed =
  /** All replicas are asked. */
  | "open"
  /** There is no other replica: the proposal is the state. */
  | "committed"
  /** Another change was faster, or is under vote. */
  | "outrun"
  /** The store does not know this replica. */
  | "unknown";

/** Outcome of a ballot. */
export type Outcome =
  | { readonly kind: "open" }
  | { readonly kind: "committed"; readonly serial: number }
  | {
    readonly kind: "refused";
    /** Name of the replica that refused it, or did not vote; empty if the outcome is not known any more. */
    readonly by: string;
    readonly reason: Refusal;
  };

/** Reason for a vote against a proposal. */
export interface Refusal {
  /** Code of the error; `SILENT` if the replica did not vote in time. */
  readonly code: string;
  readonly message: string;
  readonly issues: readonly Issue[];
}

/** Message to all replicas. */
export type ClusterMessage =
  | { readonly kind: "proposed"; readonly proposal: Proposal }
  | { readonly kind: "committed"; readonly id: string; readonly serial: number }
  | { readonly kind: "refused"; readonly id: string }
  /** A replica brought a later state than the store had. */
  | { readonly kind: "raised"; readonly serial: number };

/** The place where replicas meet. Each method is one atomic step, and rejects with `SHARED_STATE_LOST` while there is no answer. */
export interface ClusterStore {
  /**
   * Enters a replica. Without other replicas its own state is the state of all; otherwise the later one is.
   *
   * @param own the state that the replica serves; serial number 0 if it has not served yet
   */
  join(entry: ReplicaEntry, own: SharedState): Promise<Joined>;
  /** Says that a replica lives. */
  beat(entry: ReplicaEntry, serial: number): Promise<Beat>;
  /** Removes a replica. Does nothing if another process has its name. */
  leave(entry: Pick<ReplicaEntry, "name" | "process">): Promise<void>;
  /** Forgets which replicas have left or died: the figures of all were reset. */
  forget(): Promise<void>;
  /** Returns the state. */
  state(): Promise<SharedState | undefined>;
  /** Returns the proposal under vote; undefined if there is none. */
  proposal(): Promise<Proposal | undefined>;
  /** Puts a state to the vote of all replicas that live. */
  propose(process: string, proposal: Proposal): Promise<Proposed>;
  /** Votes for a proposal, or against it. Returns false if it is not under vote any more. */
  vote(
    entry: Pick<ReplicaEntry, "name" | "process">,
    id: string,
    refusal: Refusal | undefined,
  ): Promise<boolean>;
  /** Returns the outcome of a ballot. One whose time has passed is refused. */
  outcome(id: string): Promise<Outcome>;
  /** Receives the messages to all replicas until disposed. */
  subscribe(take: (message: ClusterMessage) => void): Disposable;
}

/** Times of a cluster, in ms. */
export interface ClusterTimes {
  /** Time between two signs of life of a replica. */
  readonly beat: number;
  /** Time without one after which a replica counts as dead. */
  readonly dead: number;
  /** Maximum time of a ballot. */
  readonly ballot: number;
}

/** Times of a cluster in operation. */
export const TIMES: ClusterTimes = { beat: 500, dead: 3000, ballot: 10_000 };
