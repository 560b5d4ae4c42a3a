/**
 * Types of the contract for importers of mocks: files of other tools become a configuration and a load script. core/import.ts exports
 * them.
 *
 * @module
 */

/** Options of an import. */
export interface ImportOptions {
  /** Name of the format of all files. Default: the one that the content of each shows. */
  readonly format?: string | undefined;
  /** Format of the lines of access logs: `combined`, `common`, `envoy`, `haproxy`, `json`, or the format string of the server. */
  readonly logFormat?: string | undefined;
  /** Hosts whose requests of a HAR are taken, with or without a port; `*` for all. Default: those of its pages. */
  readonly hosts?: readonly string[] | undefined;
  /** Label of Prometheus that names the route. Default: one of the usual names. */
  readonly routeLabel?: string | undefined;
  /** True to refuse files that cannot be imported completely. Default false. */
  readonly strict?: boolean | undefined;
  /** Paths of files that are named otherwise, such as standard input, by name. A load script cannot read them. */
  readonly paths?: ReadonlyMap<string, string> | undefined;
  /** Ends the reading of a file. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the progress of a long file. */
  readonly progress?: ((progress: ImportProgress) => void) | undefined;
}

/** Progress of an import. */
export interface ImportProgress {
  /** Path of the file. */
  readonly file: string;
  /** Number of bytes read, about. */
  readonly bytes: number;
  /** Number of bytes in all. */
  readonly size: number;
}

/** A mock and a load script, made of files of other tools. */
export interface Imported {
  /** Writes the configuration as YAML, and returns it as a value, too. */
  mock(): { readonly text: string; readonly value: Record<string, unknown> };
  /**
   * Writes the load script as YAML; undefined where the files have no arrivals.
   *
   * @param file path of the script, from which the paths in it start. Default: a file in the working directory
   */
  script(file?: string): string | undefined;
  /**
   * Leaves out a route, because it cannot be in a configuration.
   *
   * @param index index of the route in {@linkcode Imported.mock}
   * @param reason reason in words
   */
  refuse(index: number, reason: string): void;
  /** Figures of the import. */
  readonly report: ImportReport;
}

/** Figures of an import. */
export interface ImportReport {
  /** Kind of the files in words. */
  readonly source: string;
  /** Number of routes. */
  readonly routes: number;
  /** Number of routes with a service time. */
  readonly timed: number;
  /** Number of scenarios of the load script. */
  readonly scenarios: number;
  /** Parts that were left out: number, reason and first places of each kind. */
  readonly leftOut: readonly string[];
  /** Parts that are not as they were found, likewise. */
  readonly changed: readonly string[];
  /** Sentences that a reader has to know. */
  readonly notes: readonly string[];
}
