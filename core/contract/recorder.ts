/**
 * Types of the contract for recordings: an upstream is measured through a proxy, and two recordings are compared. core/import.ts
 * exports them. Durations are in ms, sizes in bytes.
 *
 * @module
 */
import type { Imported } from "./imported.ts";

/** Options of a recording. */
export interface RecordOptions {
  /** URL of the upstream. Its path comes before that of each request. A name and a password in it are sent and not recorded. */
  readonly upstream: string;
  /** File that the recording is written to, as lines of JSON. */
  readonly file: string;
  /** True to append to a recording of the same upstream. Default false: a file that is there is an error. */
  readonly append?: boolean | undefined;
  /** Host name or address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Port to listen on. Default 0, any free one. */
  readonly port?: number | undefined;
  /** Time after which the recording ends. Default none. */
  readonly duration?: number | undefined;
  /** Number of exchanges after which the recording ends. Default none. */
  readonly count?: number | undefined;
  /** Greatest size of the file. Default 50 MB. Bodies take three quarters of it at most. */
  readonly maxSize?: number | undefined;
  /** Greatest size of a body that is recorded. Default and maximum 256 KiB. Of a longer one the size is. */
  readonly maxBody?: number | undefined;
  /** Time in which the upstream has to answer. Default 30 s. */
  readonly timeout?: number | undefined;
  /** Names of headers, parameters and fields whose values are recorded although they look like secrets. */
  readonly keepSecrets?: readonly string[] | undefined;
  /** Names of headers, parameters and fields whose values are removed in addition. */
  readonly remove?: readonly string[] | undefined;
  /** Certificates that are trusted in addition to the usual ones, as text in PEM. */
  readonly certificates?: readonly string[] | undefined;
  /** True to wait for {@linkcode Recording.start}: requests are passed on, and not recorded. Default false. */
  readonly paused?: boolean | undefined;
}

/** State of a recording. */
export type RecordingState = "recording" | "stopped" | "ended";

/** A recording under way. */
export interface Recording extends AsyncDisposable {
  /** URL to send requests to. */
  readonly url: URL;
  /** Figures so far. */
  readonly report: RecordingReport;
  /** Resolves with the reason when the recording has ended by itself: by its duration, its count, its size or an error of the file. */
  readonly ended: Promise<string>;
  /** Records from now on. No effect while it records. */
  start(): void;
  /** Passes requests on without recording them. All that was recorded is in the file when it returns. */
  stop(): void;
  /**
   * Makes a mock of all that is in the file.
   *
   * @throws PerfmockError `IMPORT_INVALID` if there is no exchange yet
   */
  mock(): Promise<Imported>;
  /** Ends the recording: requests under way are waited for, for 2 s at most. */
  end(): Promise<void>;
}

/** Figures of a recording. */
export interface RecordingReport {
  /** State. */
  readonly state: RecordingState;
  /** URL of the upstream, without name and password. */
  readonly upstream: string;
  /** URL to send requests to. */
  readonly url: string;
  /** Path of the file. */
  readonly file: string;
  /** Number of exchanges that were recorded, in this process. */
  readonly exchanges: number;
  /** Number of requests under way. */
  readonly inFlight: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Exchanges, and parts of them, that were not recorded: number, reason and first places of each kind. */
  readonly leftOut: readonly string[];
  /** Secrets that were removed, without their values. */
  readonly removed: readonly RemovedSecret[];
  /** Reason for which the recording has ended by itself; undefined where it has not. */
  readonly reason?: string | undefined;
}

/** A kind of secret that was removed. */
export interface RemovedSecret {
  /** Place, such as `headers of answers`. */
  readonly where: string;
  /** Name of the header, the parameter or the field, or form of the secret. */
  readonly name: string;
  /** Number of times. */
  readonly count: number;
}

/** Options of a comparison of recordings. */
export interface DriftOptions {
  /** Relative change of a percentile from which on it is a drift, such as 0.1. Default 0.1. */
  readonly threshold?: number | undefined;
  /** Change of the share of a status from which on it is a drift. Default 0.01. */
  readonly share?: number | undefined;
  /** Receives the progress of a long file. */
  readonly progress?:
    | ((
      progress: {
        readonly file: string;
        readonly bytes: number;
        readonly size: number;
      },
    ) => void)
    | undefined;
}

/** Comparison of two recordings, and its forms. */
export interface DriftResult {
  /** The figures. */
  readonly answer: DriftAnswer;
  /** True if no route drifts, and none is new or has vanished for another reason than chance. */
  readonly ok: boolean;
  /** The comparison as a table for the terminal. */
  readonly table: string;
  /** Draws the comparison as SVG. */
  svg(): Promise<string>;
  /** Writes the comparison as a page. */
  html(): Promise<string>;
}

/** Figures of a comparison. */
export interface DriftAnswer {
  /** Path of the earlier recording. */
  readonly before: string;
  /** Path of the later recording. */
  readonly after: string;
  /** Relative change of a percentile from which on it is a drift. */
  readonly threshold: number;
  /** Change of the share of a status from which on it is a drift. */
  readonly share: number;
  /** Routes of both recordings, those that drift first. */
  readonly routes: readonly RouteDrift[];
  /** Routes of the later recording only, with their numbers of requests. */
  readonly appeared: readonly CountedRoute[];
  /** Routes of the earlier recording only, with their numbers of requests. */
  readonly vanished: readonly CountedRoute[];
  /** Sentences that a reader has to know. */
  readonly notes: readonly string[];
}

/** A route of one recording. */
export interface CountedRoute {
  /** Method, path as a template, and operation. */
  readonly route: string;
  /** Number of requests. */
  readonly count: number;
  /** Number that the other recording would have, if the route had the same share of all requests there. Below 3 it may be chance. */
  readonly expected: number;
}

/**
 * Verdict on a route: percentiles that have changed by more than the threshold (`slower`, `faster`, or one of each), shares of statuses
 * that have, another shape of the distribution between the same percentiles, no change beyond the threshold (`same`), or too few
 * requests to tell (`unclear`).
 */
export type DriftVerdict =
  | "slower"
  | "faster"
  | "slower and faster"
  | "statuses"
  | "shape"
  | "same"
  | "unclear";

/** Change of a route. */
export interface RouteDrift {
  /** Method, path as a template, and operation. */
  readonly route: string;
  /** Verdict. */
  readonly verdict: DriftVerdict;
  /** Numbers of successful requests, whose times are compared. */
  readonly count: BeforeAfter<number>;
  /** Median. */
  readonly p50: QuantileDrift;
  /** 99th percentile. */
  readonly p99: QuantileDrift;
  /** Comparison of the distributions; null where a recording has fewer than 2 times. */
  readonly ks: KsComparison | null;
  /** Statuses whose shares differ, or which one recording has alone. */
  readonly statuses: readonly StatusDrift[];
}

/** Figures of both recordings. */
export interface BeforeAfter<T> {
  /** That of the earlier one. */
  readonly before: T;
  /** That of the later one. */
  readonly after: T;
}

/** A quantile, or a ratio of two, with its interval: 95 % for all percentiles of all routes together. */
export interface MeasuredQuantile {
  /** Quantile. */
  readonly value: number;
  /** Lower end of the interval; null where there are too few times for one. */
  readonly low: number | null;
  /** Upper end. */
  readonly high: number | null;
}

/** Change of a quantile. */
export interface QuantileDrift extends BeforeAfter<MeasuredQuantile | null> {
  /** Later one divided by the earlier one, with its interval; null where it is not known. */
  readonly ratio: MeasuredQuantile | null;
}

/** Test of Kolmogorov and Smirnov for two samples. */
export interface KsComparison {
  /** Greatest difference of the distribution functions. */
  readonly distance: number;
  /** Probability of such a difference, or a greater one, if nothing has changed, adjusted for the number of routes (Bonferroni). */
  readonly p: number;
  /** Smallest distance that the test of this route would call a change, at 5 %, without the adjustment. */
  readonly detectable: number;
}

/** Change of the share of a status. */
export interface StatusDrift {
  /** Status. */
  readonly status: number;
  /** Shares of the route's requests. */
  readonly share: BeforeAfter<number>;
  /** Lower end of the 95 % interval of the difference. */
  readonly low: number;
  /** Upper end. */
  readonly high: number;
  /** True if the difference is a drift. */
  readonly drifts: boolean;
}
