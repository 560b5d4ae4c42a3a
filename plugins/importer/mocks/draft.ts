/**
 * A mock as an importer found it, before it is written.
 *
 * @module
 */
import { type Omission, Omissions } from "../../../core/plugin.ts";

/** A route as an importer found it. */
export interface DraftRoute {
  /** Id; default made of method and path. */
  readonly id?: string | undefined;
  /** Method in capital letters, a list of them, or `*`. */
  readonly method: string | readonly string[];
  /** Path in perfmock's syntax. */
  readonly path: string;
  /** Conditions; undefined for none. */
  readonly when?: Readonly<Record<string, unknown>> | undefined;
  /** Distribution or name of a profile; undefined where no time is known. */
  readonly serviceTime?: unknown;
  /** Sentences above the service time: its goodness of fit. */
  readonly timeNotes?: readonly string[];
  /** Further settings, in their order. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Sentences above the route. */
  readonly notes?: readonly string[];
  /** Place in the source, such as a JSON Pointer. */
  readonly place: string;
}

/** A scenario of a load script, as written. */
export interface DraftScenario {
  /** Name. */
  readonly name: string;
  /** Settings. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Sentences above the scenario. */
  readonly notes?: readonly string[];
  /** Id of the route that the scenario is about; default none. It is left out together with this route. */
  readonly route?: string;
}

/** Everything that was found in one file, or in several of one kind. */
export class Draft {
  /** Kind of the source in words, such as `OpenAPI 3.1`. */
  readonly source: string;
  /** Routes, in the order of the source. */
  readonly routes: DraftRoute[] = [];
  /** Distributions that routes share, by name. */
  readonly profiles = new Map<string, { value: unknown; notes: string[] }>();
  /** Scenarios of the load script; empty for none. */
  readonly scenarios: DraftScenario[] = [];
  /** Parts of the source that are not in the mock. */
  readonly left: Omissions = new Omissions();
  /** Parts of the source that the mock has in another form, and requests without a time. */
  readonly changed: Omissions = new Omissions();
  /** Sentences that a reader has to know. */
  readonly notes: string[] = [];

  /** Begins without routes. */
  constructor(source: string) {
    this.source = source;
  }

  /** Counts a part that is not in the mock. */
  leave(reason: string, place: string, name?: string): void {
    this.left.add(omission(reason, name), place);
  }

  /** Counts a part that is in the mock in another form. */
  change(reason: string, place: string, name?: string): void {
    this.changed.add(omission(reason, name), place);
  }
}

function omission(reason: string, name: string | undefined): Omission {
  return name === undefined ? { reason } : { reason, name };
}
