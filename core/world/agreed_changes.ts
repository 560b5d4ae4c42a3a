/**
 * Changes of a configuration in force, one after another. Where several replicas serve the same configuration, each change waits for
 * the agreement of the others before it takes over, and those of the others are made here too.
 *
 * @module
 */
import {
  type Agreement,
  Outrun,
  type Prepared,
  type Subject,
} from "../cluster/agreement.ts";
import {
  digestOf,
  type SharedDocument,
  sharedPart,
  withOwnPart,
} from "../cluster/document.ts";
import { agreed } from "../lib/agreement.ts";
import type {
  BackendControl,
  BackendPace,
} from "../control/backend_control.ts";
import type { Revision } from "./revision.ts";
import type { SettingsInput } from "./settings.ts";
import type { WorldState } from "./state.ts";

/** The world whose changes these are. */
export interface ChangingWorld extends Pick<WorldState, "powers"> {
  /** Revision in force. */
  readonly revision: Revision;
  /** Its number. */
  readonly number: number;
  /** Pace that calls have set. */
  readonly backend: Pick<BackendControl, "pace" | "prepare">;
}

/** Steps of a change in that world. */
export interface ChangeSteps {
  /**
   * Builds a revision that can take over.
   *
   * @throws PerfmockError with all errors
   */
  build(
    edit: (input: SettingsInput) => SettingsInput,
    options: { readonly reload?: boolean; readonly presets?: boolean },
  ): Promise<Revision>;
  /** Puts a revision in force; undefined to give the present one another number. Synchronous: no request sees half of it. */
  adopt(next: Revision | undefined, number: number): void;
  /** Prepares the routes that were not prepared at once. */
  finish(next: Revision): Promise<void>;
  /** Disposes a revision that is not to take over. */
  drop(next: Revision): Promise<void>;
}

/** Parts of the state that a change sets beside the configuration. Default the present ones. */
interface Beside {
  readonly pace?: BackendPace;
  readonly reads?: number;
}

/** Makes changes one after another: each sees the result of the one before. */
export class AgreedChanges implements Subject {
  /** Agreement with the other replicas. Undefined for a server that is alone. */
  agreement: Agreement | undefined;
  readonly #world: ChangingWorld;
  readonly #steps: ChangeSteps;
  #last: Promise<unknown> = Promise.resolve();
  /** Number of times that the configuration's files were read again. */
  #reads = 0;

  constructor(world: ChangingWorld, steps: ChangeSteps) {
    this.#world = world;
    this.#steps = steps;
  }

  /** Resolves after the changes that are under way. Never rejects. */
  get ended(): Promise<unknown> {
    return this.#last;
  }

  get number(): number {
    return this.#world.number;
  }

  get document(): SharedDocument {
    return this.#documentOf(this.#world.revision, {});
  }

  /**
   * Waits for the changes of other replicas, if the caller knows of one that this replica does not serve yet.
   *
   * @param revisions that the caller asks for; undefined for any
   */
  async expect(revisions: readonly number[] | undefined): Promise<void> {
    if (revisions?.includes(this.number) === false) {
      await this.agreement?.catchUp();
    }
  }

  /** Makes a change after those before it, and again where another replica's change was faster. */
  async make<T>(operation: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await this.#inTurn(operation);
      } catch (error) {
        if (!(error instanceof Outrun)) throw error;
        await this.agreement?.catchUp();
      }
    }
  }

  #inTurn<T>(operation: () => Promise<T>): Promise<T> {
    const { powers } = this.#world;
    const change = this.#last.then(() => powers.inScope(operation));
    this.#last = change.catch(() => {});
    return change;
  }

  /**
   * Puts a revision in force once all replicas have agreed. To be called by an operation of {@linkcode AgreedChanges.make}.
   *
   * @param next undefined where the configuration stays
   * @throws PerfmockError where they have not; nothing has changed then
   */
  async adopt(
    next: Revision | undefined,
    { pace, reload = false }: Pick<Beside, "pace"> & {
      /** True if the configuration's files were read again. Default false. */
      readonly reload?: boolean | undefined;
    } = {},
  ): Promise<void> {
    const number = this.number + (next === undefined ? 0 : 1);
    const reads = this.#reads + Number(reload);
    const { agreement } = this;
    try {
      await agreed();
      if (agreement !== undefined) {
        const { revision } = this.#world;
        const beside = { reads, ...pace !== undefined && { pace } };
        await agreement.agree(
          this.#documentOf(next ?? revision, beside),
          number,
        );
      }
    } catch (error) {
      if (next !== undefined) await this.#steps.drop(next);
      throw error;
    }
    this.#reads = reads;
    if (next === undefined) return;
    this.#steps.adopt(next, number);
    await this.#steps.finish(next);
  }

  #documentOf(
    { input: { value, preset } }: Pick<Revision, "input">,
    { pace = this.#world.backend.pace, reads = this.#reads }: Beside,
  ): SharedDocument {
    return { value: sharedPart(value), preset: preset ?? null, pace, reads };
  }

  prepare(document: SharedDocument): Promise<Prepared> {
    const prepared = Promise.withResolvers<Prepared>();
    const { powers } = this.#world;
    // The replica that made the change has checked its caller's powers.
    const change = this.#inTurn(() =>
      powers.own(async () => {
        const pace = this.#world.backend.prepare(document.pace);
        const decided = Promise.withResolvers<boolean>();
        let next: Revision | undefined;
        try {
          next = await this.#build(document);
        } catch (error) {
          pace.discard();
          throw error;
        }
        prepared.resolve({
          commit: (revision) => {
            this.#steps.adopt(next, revision);
            this.#reads = document.reads;
            pace.commit();
            decided.resolve(true);
          },
          discard: () => decided.resolve(false),
        });
        const isInForce = await decided.promise;
        if (!isInForce) pace.discard();
        if (next !== undefined) {
          await this.#steps[isInForce ? "finish" : "drop"](next);
        }
      })
    );
    change.catch(prepared.reject);
    return prepared.promise;
  }

  /** Builds the configuration of another replica's state; undefined if it is the one in force. */
  async #build(
    { preset, reads, value }: SharedDocument,
  ): Promise<Revision | undefined> {
    const { document } = this;
    const reload = reads !== document.reads;
    const same = !reload && preset === document.preset &&
      digestOf(value) === digestOf(document.value);
    return same ? undefined : await this.#steps.build((input) => ({
      ...input,
      value: withOwnPart(value, input.value),
      preset: preset ?? undefined,
    }), { reload });
  }
}
