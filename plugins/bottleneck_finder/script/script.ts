/**
 * A script of an experiment, parsed. Times are in ms.
 *
 * @module
 */
import type { DialAddress, Dials, Kit, KitType } from "../../../core/plugin.ts";

/** A page that is opened in Chromium. */
export interface PageSettings {
  readonly kind: "page";
  /** URL, or a path of the server that runs the experiment. */
  readonly url: string;
  /** Figure: `LCP`, `INP`, `TTFB`, `FCP`, `measure:NAME` or `selector-visible:CSS`. */
  readonly figure: string;
  /** Absolute path of a module whose default export acts on the page; undefined for none. */
  readonly actions: string | undefined;
  /** Longest time of a load. */
  readonly timeout: number;
  /** Time without requests, new contents and long tasks after which the page has settled. */
  readonly quiet: number;
  /** Patterns of URLs that the page settles without. */
  readonly ignore: readonly string[];
  /** True to begin each load with an empty cache. */
  readonly cold: boolean;
  /** Factor by which the processor is slowed in a part of the loads; undefined where it is no variable. */
  readonly cpu: number | undefined;
  /** Absolute path of the browser; undefined to look for one. */
  readonly executable: string | undefined;
}

/** A command that is run. */
export interface CommandSettings {
  readonly kind: "command";
  /** Command line, for a shell. */
  readonly run: string;
  /** `wall time`, or a JSON Pointer to a number in the JSON that it prints. */
  readonly figure: string;
  /** Longest time of a run. */
  readonly timeout: number;
  /** Absolute path of its working directory. */
  readonly folder: string;
}

/** Pages that somebody else opens, and whose figures arrive by beacon. */
export interface BeaconSettings {
  readonly kind: "beacon";
  /** Figure of the beacons, such as `LCP`. */
  readonly figure: string;
  /** URL of the page, without query and fragment; undefined for any page. */
  readonly url: string | undefined;
  /** Longest wait for a beacon. */
  readonly timeout: number;
}

/** Settings of the probe that gives the figure. */
export type ProbeSettings = PageSettings | CommandSettings | BeaconSettings;

/** Changes of one route; undefined for the script's `perturbation`. */
export interface RouteChange {
  /** Time that is added. */
  readonly delay: number | undefined;
  /** Time that is taken away. */
  readonly speedup: number | undefined;
}

/** Search along one dial. */
export interface CliffSettings {
  /** Address of the dial. */
  readonly dial: DialAddress;
  /** Type of its values. */
  readonly type: KitType<unknown>;
  /** First level. */
  readonly from: number;
  /** Last level. */
  readonly to: number;
  /** True if the levels are whole numbers. */
  readonly whole: boolean;
  /** Unit of the levels: `ms`, `B/s`, or empty for a number. */
  readonly unit: "ms" | "B/s" | "";
  /** Maximum number of loads. */
  readonly loads: number;
}

/** A script. */
export interface Script {
  /** Probe that gives the figure. */
  readonly probe: ProbeSettings;
  /** Changes by the id of the route; undefined for all routes that the page calls. */
  readonly routes: ReadonlyMap<string, RouteChange> | undefined;
  /** URL patterns of other origins, with the time that is added; empty for none. */
  readonly origins: ReadonlyMap<string, number>;
  /** Largest allowed figure; undefined for none. */
  readonly budget: number | undefined;
  /** Time that is added, and taken away where that is possible. */
  readonly perturbation: number;
  /** Maximum number of loads of the whole experiment. */
  readonly loads: number;
  /** Maximum duration of the whole experiment. */
  readonly duration: number;
  /** Half-width at which the interval of a slope is narrow enough. */
  readonly precision: number;
  /** Confidence of all intervals. */
  readonly confidence: number;
  /** Seed of the plan. */
  readonly seed: number | string;
  /** Searches along dials. */
  readonly cliffs: readonly CliffSettings[];
  /** Factors of a sweep on the response time, ascending from 1. */
  readonly factors: readonly number[];
  /** Number of loads of each point of a sweep. */
  readonly repeats: number;
}

/** Tools that a script is read with. */
export interface ScriptTools {
  /** Types of settings. */
  readonly kit: Kit;
  /** Dials of the server. */
  readonly dials: Pick<Dials, "list" | "typeOf">;
  /** Number of exchanges that the journal keeps. */
  readonly journal: number;
  /** Seed of a script that names none. */
  readonly seed: number | string;
  /** Absolute path of the folder that relative paths start from. */
  readonly folder: string;
  /** See Host.suggest. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}
