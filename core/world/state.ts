/**
 * State of a world that outlives its revisions, and state of plugins that is carried from one revision to the next.
 *
 * @module
 */
import type {
  ControlSettings,
  EngineName,
  Powers,
  SharedSettings,
} from "../config/mod.ts";
import type { VirtualWorld } from "../contract/load.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { withinLimit } from "../lib/time/mod.ts";
import type { ExchangeJournal } from "../observe/journal.ts";
import type { Journals } from "../observe/journals.ts";
import type { Failures } from "../observe/failures.ts";
import type { Recorder } from "../observe/recorder.ts";
import type {
  Flow,
  HookReport,
  SequenceCounter,
} from "../pipeline/exchange.ts";
import type { Tracing } from "../pipeline/trace_context.ts";
import type {
  Clock,
  Endpoint,
  Host,
  Kit,
  Metrics,
  SharedStore,
} from "../plugin.ts";
import type { Segment } from "../scale/segment.ts";
import type { DialBoard } from "./dials.ts";
import type { SettingsInput } from "./settings.ts";

/** Takes one line of the log. */
export type Log = (level: "info" | "warn" | "error", message: string) => void;

/** State of a world as its revisions use it: the parts that all of them share. */
export interface WorldState {
  /** Name of the session; undefined for the server's own world and for a simulation. */
  readonly session: string | undefined;
  /** `simulation` leaves out the plugins of scope `server`, `session` those of scope `process` too. */
  readonly scope: "server" | "session" | "simulation";
  /** Clock of the world. */
  readonly clock: Clock;
  /** All metrics, as the plugins of this world see them. */
  readonly metrics: Metrics;
  /** Figures of the exchanges. */
  readonly recorder: Recorder;
  /** Gives exchanges their trace ids. */
  readonly traces: Tracing;
  /** Exchanges in flight. */
  readonly flow: Flow;
  /** Replica that this world is; the only one by default. It holds from the start to the end. */
  readonly segment: Segment;
  /** Next sequence number of each route, by id. */
  readonly sequences: Map<string, SequenceCounter>;
  /** Returns the source of the sequence numbers of a route, by its id: the one there is, or a new one. */
  readonly counterOf: (id: string) => SequenceCounter;
  /** Dials, and the values laid over them. */
  readonly dials: DialBoard;
  /** Log of ended exchanges. */
  readonly journal: ExchangeJournal;
  /** Logs that plugins read: those of the sessions too, where this is the server's own world. */
  readonly journals: Journals;
  /** Reports an error that a hook threw. */
  readonly report: HookReport;
  /** Takes all errors that must not end the server. */
  readonly failures: Failures;
  /** Log of the server. */
  readonly log: Log;
  /** Returns the HTTP server that runs; undefined before there is one. */
  readonly engine: () => EngineName | undefined;
  /**
   * Connects to the state that servers share, once: a change of the settings takes a restart.
   *
   * @returns undefined if the settings have none, or the server does not serve
   * @throws PerfmockError if it cannot be used
   */
  readonly share: (
    settings: SharedSettings | undefined,
  ) => Promise<SharedStore | undefined>;
  /** Makes the counters of routes, and resolves when they have sequence numbers. */
  numbered(ids: readonly string[]): Promise<void>;
  /** False for a server that only shows its configuration; see {@linkcode Host.serves}. */
  readonly serves: boolean;
  /** Address at which the server listens; undefined where it does not, or not yet. */
  readonly url: () => URL | undefined;
  /** Changes the configuration in force; resolves to its revision. */
  readonly update: Host["update"];
  /** Builds a configuration once more in virtual time; undefined in a simulation. */
  readonly virtualWorld:
    | ((input: SettingsInput) => Promise<VirtualWorld>)
    | undefined;
  /** Returns the settings of the control API that hold now: the server's, in a session too. */
  readonly control: () => Pick<ControlSettings, "allow" | "token">;
  /** Powers of the calls of the control API. */
  readonly powers: Powers;
  /** Replicas of which this server is one; undefined if it stands alone, and in a simulation. */
  readonly fleet: Fleet | undefined;
  /** Returns the control API's own endpoints. */
  endpoints(kit: Kit): readonly Endpoint[];
}

/** State that the plugins of one revision carry over to the next, by identity: the same name gives the same object. */
export class CarriedState {
  #before: ReadonlyMap<string, unknown>;
  readonly #values = new Map<string, unknown>();

  /** @param before state of the revision before; undefined for the first revision */
  constructor(before?: CarriedState) {
    this.#before = before === undefined ? new Map() : before.#values;
  }

  /** Returns the value under a name: the one of the revision before, or else a new one. */
  keep<T>(name: string, create: () => T): T {
    if (this.#values.has(name)) return this.#values.get(name) as T;
    const value = this.#before.has(name) ? this.#before.get(name) : create();
    this.#values.set(name, value);
    return value as T;
  }

  /** The revision is in force: lets go of the state of the one before. */
  forget(): void {
    this.#before = new Map();
  }

  /** The values of this state that `other` lacks: to be disposed once no exchange uses them. */
  beyond(other: CarriedState | undefined): unknown[] {
    const kept = new Set(other === undefined ? [] : other.#values.values());
    return [...this.#values.values()].filter((value) => !kept.has(value));
  }
}

/** Maximum time in which one value is disposed, in ms. A disposal that takes longer is no longer awaited. */
const DISPOSAL_LIMIT = 5000;

/** Disposes the values that can be disposed; returns the errors. */
export async function disposeValues(
  values: readonly unknown[],
  limit: number = DISPOSAL_LIMIT,
): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const value of values) {
    try {
      if (typeof value !== "object" || value === null) continue;
      if (Symbol.asyncDispose in value) {
        await withinLimit(
          Promise.resolve((value as AsyncDisposable)[Symbol.asyncDispose]()),
          limit,
        );
      } else if (Symbol.dispose in value) {
        (value as Disposable)[Symbol.dispose]();
      }
    } catch (error) {
      errors.push(error);
    }
  }
  return errors;
}
