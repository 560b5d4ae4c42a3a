/**
 * Changes that several replicas make together, or none of them: each prepares the change, and takes it over once all have.
 *
 * The code that makes a change awaits {@linkcode agreed} after everything that can fail and before anything takes effect. A server that
 * stands alone does not wait there.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { PerfmockError } from "../errors.ts";
import { pause } from "./time/mod.ts";

/** Maximum time that a prepared change waits for the decision, in ms: whoever asked for it may be gone. */
const DECISION_LIMIT = 30_000;

/** Change that is being prepared. */
interface Preparation {
  /** Called when everything that can fail has been done; returns the decision of all replicas. */
  readonly ready: () => Promise<boolean>;
}

const present = new AsyncLocalStorage<Preparation>();

/**
 * Waits until all replicas have prepared the present change.
 *
 * @throws PerfmockError `CHANGE_REFUSED` if another replica refused it: nothing may take effect then
 */
export async function agreed(): Promise<void> {
  const preparation = present.getStore();
  if (preparation === undefined || await preparation.ready()) return;
  throw new PerfmockError(
    "CHANGE_REFUSED",
    "Cannot make this change: another replica refused it, so none makes it",
  );
}

/** Returns true if the present call is a change that all replicas make together. */
export function isOfAll(): boolean {
  return present.getStore() !== undefined;
}

/** State of a change after its preparation. */
export type Prepared<T> =
  /** It waits for the others. */
  | { readonly ready: true }
  /** It has ended: refused, or made without asking anybody. */
  | { readonly ready: false; readonly result: T };

interface Pending {
  readonly result: Promise<unknown>;
  readonly decide: (commit: boolean) => void;
  /** Aborted by the decision. */
  readonly waiting: AbortController;
}

/** The changes that a replica has prepared. */
export class Preparations {
  readonly #pending = new Map<string, Pending>();
  readonly #limit: number;

  /** @param limit maximum time that a prepared change waits for the decision, in ms; then it is abandoned. Default 30 s */
  constructor(limit: number = DECISION_LIMIT) {
    this.#limit = limit;
  }

  /** Number of changes that wait for the others. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Prepares a change: runs an operation up to the point where it awaits {@linkcode agreed}.
   *
   * @param id id of the change, unique in the fleet
   * @throws error of the operation, if it fails before
   */
  async prepare<T>(
    id: string,
    operation: () => Promise<T>,
  ): Promise<Prepared<T>> {
    const reached = Promise.withResolvers<Prepared<T>>();
    const decision = Promise.withResolvers<boolean>();
    let waits = false;
    const result = present.run({
      ready: () => {
        waits = true;
        reached.resolve({ ready: true });
        return decision.promise;
      },
    }, operation);
    const waiting = new AbortController();
    this.#pending.set(id, { result, decide: decision.resolve, waiting });
    result.then(
      (value) => reached.resolve({ ready: false, result: value }),
      reached.reject,
    );
    try {
      return await reached.promise;
    } finally {
      if (!waits) this.#pending.delete(id);
      else this.#expire(id, waiting.signal);
    }
  }

  /**
   * Ends a change that has been prepared.
   *
   * @returns result of the operation; undefined if the change is unknown
   * @throws error of the operation, after `commit`
   */
  async settle(id: string, commit: boolean): Promise<unknown> {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    pending.waiting.abort();
    pending.decide(commit);
    if (commit) return await pending.result;
    await pending.result.catch(() => {});
    return undefined;
  }

  async #expire(id: string, decided: AbortSignal): Promise<void> {
    await pause(this.#limit, decided);
    if (!decided.aborted) await this.settle(id, false);
  }

  /** Abandons all changes. */
  abandon(): void {
    for (const id of [...this.#pending.keys()]) {
      this.settle(id, false).catch(() => {});
    }
  }
}
