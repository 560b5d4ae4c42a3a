/**
 * The replicas of a fleet, as each of them knows the others: processes of one machine, or servers on many.
 *
 * @module
 */
import type { Segment } from "../scale/segment.ts";

/** One of the replicas of a fleet. */
export interface Replica {
  /** Unique name, such as "1/3" or the name of a pod. */
  readonly name: string;
  /** Segment that it serves. */
  readonly segment: Segment;
  /** URL at which it alone answers, with a trailing slash, such as "http://10.0.0.7:8080/"; undefined if it cannot be reached. */
  readonly url: string | undefined;
  /** Reason why it cannot be reached, a clause such as "it has not registered"; absent where there is a URL. */
  readonly error?: string;
}

/** A call of the control API that changes something, as it is passed on to the other replicas. */
export interface FleetCall {
  /** Method. */
  readonly method: string;
  /** Path and query, such as "/_perfmock/routes/orders". */
  readonly target: string;
  /** Headers that matter: see {@linkcode PASSED_HEADERS}. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body in base64; empty for none. */
  readonly body: string;
}

/** Answer of one replica to a {@linkcode FleetCall}. */
export interface FleetAnswer {
  /** Status. */
  readonly status: number;
  /** Headers that matter: content type, entity tag, location. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body as text. */
  readonly body: string;
}

/**
 * The fleet as one replica sees it. The supervisor of `serve --processes` supplies it to its processes, a register in Redis to servers on
 * many machines.
 */
export interface Peers {
  /** Name of this replica. */
  readonly own: string;
  /**
   * True if each replica has an address of its own, at which it is called. Then the sessions of each are its own, its metrics are
   * read from itself, and the changes of its configuration are agreed on without {@linkcode Peers.change}. Default false: all replicas
   * answer at one address, and what one call makes is there for the next.
   */
  readonly separate?: boolean;
  /**
   * Lists all replicas by segment, this one included. A segment that nobody serves is listed too, with the reason: figures without it are
   * incomplete.
   */
  list(): readonly Replica[];
  /**
   * Carries a change out on all replicas, or on none. Changes of a fleet are made one after another; `carryOut()` of change.ts makes one.
   *
   * @returns the answer of this replica, or that of the first one that refused
   * @throws PerfmockError `REPLICA_UNREACHABLE` if a replica could not be asked: nothing was changed then
   */
  change(call: FleetCall): Promise<FleetAnswer>;
  /** Returns sentences for `health`: replicas that are missing, that were replaced, or that do not fit. */
  reasons(): readonly string[];
  /** Returns the names of replicas whose figures since the last reset are lost, since they were replaced, or left. */
  lost(): readonly string[];
  /** Forgets what was counted since the last reset, such as replacements. Called by a reset. */
  reset(): void;
}

/** Header of a change that is made on several replicas: its id, followed by `prepare`, `commit` or `abort`. */
export const CHANGE_HEADER = "perfmock-change";

/** Header of the answer of a replica that could make a change and waits for the others. */
export const READY_HEADER = "perfmock-change-ready";

/** Headers of a call that are passed on, beside that of sessions. Those of browsers concern the replica that they were sent to. */
export const PASSED_HEADERS = [
  "accept",
  "authorization",
  "content-type",
  "if-match",
] as const;

/** Time within which a replica has to answer for itself, in ms. One that does not is named, and figures say that they are incomplete. */
export const ANSWER_LIMIT = 2000;
