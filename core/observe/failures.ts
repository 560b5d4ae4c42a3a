/**
 * Errors that must not end the server: those of plugins' code, and those of perfmock itself. Each is counted in a metric and in
 * `health`; the log has one line for each different message, and no flood.
 *
 * @module
 */
import { excerpt } from "../lib/bounded_text.ts";
import { describeThrown } from "../lib/thrown.ts";
import type { Counter, Metric, Metrics } from "../plugin.ts";

/** Maximum number of different messages of one kind that are logged. */
const LOGGED = 10;

/** Maximum number of kinds that are told apart. The kinds beyond share one. */
const KINDS = 200;

/** Origin of an error. */
export interface FailureKind {
  /** Name of the plugin whose code threw; undefined for perfmock itself. */
  readonly plugin: string | undefined;
  /** Member of the plugin contract that was called, or part of perfmock. */
  readonly member: string;
}

/** Destinations of the reports. */
export interface FailureOptions {
  /** Metrics of the server. */
  readonly metrics: Pick<Metrics, "counter">;
  /** Writes a line to the log. */
  readonly log: (level: "error", message: string) => void;
}

interface Kind extends FailureKind {
  readonly counter: Counter;
  /** Messages in the log. */
  readonly logged: Set<string>;
  /** Number of errors since the start or the last reset. */
  count: number;
  /** Latest error, in words. */
  latest: string;
}

/** Counts and logs errors. */
export class Failures {
  readonly #log: FailureOptions["log"];
  readonly #ofPlugins: Metric<Counter>;
  readonly #internal: Metric<Counter>;
  readonly #kinds = new Map<string, Kind>();

  constructor({ log, metrics }: FailureOptions) {
    this.#log = log;
    this.#ofPlugins = metrics.counter({
      name: "perfmock_plugin_errors_total",
      help: "Errors that the code of a plugin threw, by member of its contract",
      labels: ["plugin", "member"],
    });
    this.#internal = metrics.counter({
      name: "perfmock_internal_errors_total",
      help: "Errors of perfmock itself, by the part that met them",
      labels: ["part"],
    });
  }

  /**
   * Counts an error, and logs it unless its kind has logged the same or ten others. Does not throw.
   *
   * @param thrown the error
   * @param message writes the line of the log, called only where the line may be written; default the error in words
   */
  report(
    of: FailureKind,
    thrown: unknown,
    message: () => string = () => describeThrown(thrown),
  ): void {
    const kind = this.#kindOf(of);
    kind.count++;
    kind.counter.add();
    if (kind.logged.size >= LOGGED) return;
    const line = excerpt(message());
    if (kind.logged.has(line)) return;
    kind.logged.add(line);
    kind.latest = describeThrown(thrown);
    this.#log("error", line);
  }

  /** Sentences for `health`: one for each kind that has occurred since the start or the last reset. */
  reasons(): string[] {
    return [...this.#kinds.values()].filter(({ count }) => count > 0).map(
      ({ count, latest, member, plugin }) =>
        `${
          plugin === undefined
            ? `perfmock itself (${member})`
            : `Plugin "${plugin}" (${member})`
        } has failed ${
          count === 1 ? "once" : `${count} times`
        } since the start or the last reset: ${latest}`,
    );
  }

  /** Starts the counts of {@linkcode Failures.reasons} again; metrics continue. */
  reset(): void {
    for (const kind of this.#kinds.values()) kind.count = 0;
  }

  #kindOf({ member, plugin }: FailureKind): Kind {
    const known = this.#kinds.get(`${plugin ?? ""}\0${member}`);
    if (known !== undefined) return known;
    if (this.#kinds.size >= KINDS && member !== "others") {
      return this.#kindOf({ plugin: undefined, member: "others" });
    }
    const kind: Kind = {
      plugin,
      member,
      counter: plugin === undefined
        ? this.#internal.series(member)
        : this.#ofPlugins.series(plugin, member),
      logged: new Set(),
      count: 0,
      latest: "",
    };
    this.#kinds.set(`${plugin ?? ""}\0${member}`, kind);
    return kind;
  }
}
