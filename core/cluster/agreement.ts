/**
 * Agreement of the replicas of one backend on each change, as a configuration in force sees it.
 *
 * @module
 */
import type { SharedDocument } from "./document.ts";

/** A state that has been built and waits for the others. */
export interface Prepared {
  /** Takes over, between two requests. */
  commit(revision: number): void;
  /** Drops what was built. */
  discard(): void;
}

/** A configuration in force that is shared. */
export interface Subject {
  /** State in force. */
  readonly document: SharedDocument;
  /** Revision of the configuration in force. */
  readonly number: number;
  /**
   * Builds a state, after the changes that are under way. Until it is committed or discarded, no further change begins.
   *
   * @throws PerfmockError if the state is not valid here
   */
  prepare(document: SharedDocument): Promise<Prepared>;
}

/** Agrees with the other replicas. */
export interface Agreement {
  /**
   * Asks all replicas to take a state over, and resolves once they do. The caller has built it, and takes over then.
   *
   * @param revision of its configuration
   * @throws Outrun where another replica's change was faster; PerfmockError `CHANGE_REFUSED`, `SHARED_STATE_LOST`
   */
  agree(document: SharedDocument, revision: number): Promise<void>;
  /** Resolves when this replica serves the latest state, or has built the one that is under vote. Never rejects. */
  catchUp(): Promise<void>;
}

/** Thrown where another replica's change was faster: the change is to be made again, of the state that this one has left. */
export class Outrun extends Error {
  /** Name of this class. */
  override readonly name = "Outrun";
}
