/**
 * Types of the contract for importers: distributions from measured durations. core/import.ts exports them. Durations are in ms.
 *
 * @module
 */
import type { Imported, ImportOptions } from "./imported.ts";
import type {
  DriftOptions,
  DriftResult,
  Recording,
  RecordOptions,
} from "./recorder.ts";

/** Importer: makes settings from what other tools have measured or written. */
export interface Importer {
  /**
   * Fits distributions to the durations in a file.
   *
   * @param file path of a file
   * @throws PerfmockError `IMPORT_INVALID` with all errors in the file, with their places
   */
  fit(file: string, options?: FitOptions): Promise<FitResult>;
  /**
   * Makes a configuration, and a load script, of files of other tools.
   *
   * @param files paths of files, or of folders of stubs
   * @throws PerfmockError `IMPORT_INVALID` with all errors in the files, with their places
   */
  import(
    files: readonly string[],
    options?: ImportOptions,
  ): Promise<Imported>;
  /**
   * Records an upstream: listens, passes requests on, and writes each exchange to a file that {@linkcode Importer.import} reads.
   *
   * @throws PerfmockError `UPSTREAM_FAILED` if the upstream cannot be reached, `UPSTREAM_LOOP` if it is the recorder itself,
   * `PORT_IN_USE`, or `ARGUMENT_INVALID` with all errors in the options
   */
  record(options: RecordOptions): Promise<Recording>;
  /**
   * Compares two recordings.
   *
   * @throws PerfmockError `IMPORT_INVALID` with all errors in the files
   */
  compare(
    before: string,
    after: string,
    options?: DriftOptions,
  ): Promise<DriftResult>;
}

/** Options of a fit. */
export interface FitOptions {
  /** Unit of durations without one: `s`, `ms`, `us` or `ns`. Default that of the format, or ms. */
  readonly unit?: string | undefined;
  /** Name of the format. Default: the one that the content shows. */
  readonly format?: string | undefined;
  /** Labels that the durations must have, such as `handler="/api"`; a percent sign, an asterisk or the like has no meaning. */
  readonly select?: Readonly<Record<string, string>> | undefined;
  /** True to fit durations of different labels as one. Default false: that is an error, which lists them. */
  readonly merge?: boolean | undefined;
  /** Name of the column with durations, in a table that has several. Default: one of the usual names. */
  readonly column?: string | undefined;
  /** Paths of files that are named otherwise, such as standard input, by name. */
  readonly paths?: ReadonlyMap<string, string> | undefined;
  /** Ends the reading of a file. */
  readonly signal?: AbortSignal | undefined;
  /** Receives the progress of a long file. */
  readonly progress?: ((progress: ReadProgress) => void) | undefined;
}

/** Progress of the reading of a file. */
export interface ReadProgress {
  /** Path of the file. */
  readonly file: string;
  /** Number of bytes read. */
  readonly bytes: number;
  /** Number of bytes in all. */
  readonly size: number;
  /** Number of lines read. */
  readonly lines: number;
}

/** Result of a fit. */
export interface FitResult {
  /** The figures. */
  readonly answer: FitAnswer;
  /** Recommended distribution as YAML, with the goodness of fit in comments. */
  readonly block: string;
  /** The fit as a table for the terminal. */
  readonly table: string;
}

/** Figures of a fit. */
export interface FitAnswer extends Fit {
  /** Path of the file. */
  readonly file: string;
  /** Name of its format. */
  readonly format: string;
  /** Labels of the durations. */
  readonly labels: Readonly<Record<string, string>>;
  /** Durations and lines that were left out, by reason. */
  readonly leftOut: readonly LeftOut[];
  /** Sentences about how the file was read. */
  readonly notes: readonly string[];
}

/** Something that was left out, counted. */
export interface LeftOut {
  /** Reason, as words that follow a number: "lines without a duration". */
  readonly reason: string;
  /** Number of times. */
  readonly count: number;
  /** First places, such as `line 12`. */
  readonly places: readonly string[];
}

/** Fitted distributions. */
export interface Fit {
  /** Number of durations; undefined if it is not known. */
  readonly count: number | undefined;
  /** Recommended distribution: the first parametric one that is good enough, else the one without a formula. */
  readonly best: Candidate;
  /** Sentence that says why. */
  readonly reason: string;
  /** Figure by which the parametric ones are ordered. */
  readonly criterion: "AIC" | "relative error of percentiles";
  /** Parametric distributions, best first. */
  readonly parametric: readonly Candidate[];
  /** Distribution without a formula: percentiles, a histogram, or the durations themselves. */
  readonly nonParametric: Candidate;
  /** Sentences about what could not be known. */
  readonly unknown: readonly string[];
}

/** Distribution that was fitted, and its distance from the measurement. */
export interface Candidate {
  /** Name of the family. */
  readonly family: string;
  /** Distribution as users write it, such as `{ lognormal: { median: "35ms", p99: "250ms" } }`. All figures are those of it. */
  readonly distribution: unknown;
  /** Method of the estimate. */
  readonly method:
    | "maximum likelihood"
    | "quantile matching"
    | "non-parametric";
  /** Number of parameters that were estimated; undefined for a distribution without a formula. */
  readonly parameters?: number;
  /** Largest difference of the distribution functions (Kolmogorov and Smirnov); between boundaries of buckets it is not known. */
  readonly ks: number;
  /** Anderson and Darling's A²; undefined where single durations are not known. */
  readonly ad?: number | undefined;
  /** Bounds of the probability that the family itself gives durations so far from it; undefined where it is not known. */
  readonly chance?: ByChance | undefined;
  /** Figure by which families are ordered: AIC, or the root mean square of relative errors. */
  readonly score?: number;
  /** Quantiles as measured and as fitted. */
  readonly tail: readonly ComparedQuantile[];
}

/** Bounds of the probability that durations from the distribution itself lie so far from it, or further. */
export interface ByChance {
  /** Lower bound. */
  readonly low: number;
  /** Upper bound. */
  readonly high: number;
}

/** Quantile as measured and as fitted. */
export interface ComparedQuantile {
  /** Probability. */
  readonly probability: number;
  /** Measured quantile. */
  readonly measured: number;
  /** Lower end of the range in which the true one lies: its 95 % interval, widened to the boundaries of its bucket. */
  readonly low: number;
  /** Upper end of that range. */
  readonly high: number;
  /** Quantile of the distribution. */
  readonly fitted: number;
}
