/**
 * Figures of one share of a run as JSON data, and the result of all shares together: counts and histograms are added up without loss,
 * and thresholds judged on the whole.
 *
 * @module
 */
import type {
  LoadResult,
  LoadShare,
  LoadSummary,
  LoadWorker,
} from "../../../core/load.ts";
import {
  Histogram,
  type Issue,
  PerfmockError,
  type Segment,
  segmentText,
} from "../../../core/plugin.ts";
import type { Threshold } from "../script/script.ts";
import { hgrm, summaryTable, timeSeriesCsv } from "./formats.ts";
import { type ScenarioData, ScenarioFigures } from "./scenario_figures.ts";
import { judge, summarize } from "./summary.ts";
import { mergedPoints, type Point } from "./time_series.ts";

/** Version of the form of {@linkcode ShareData}. */
export const SHARE_VERSION = 1;

/** Figures of one share of a run, complete. */
export interface ShareData extends LoadShare {
  readonly version: typeof SHARE_VERSION;
  readonly segment: Segment;
  /** Name of the script. */
  readonly name: string;
  readonly seed: number | string;
  /** Text that two shares of one script have in common, and those of others have not. */
  readonly digest: string;
  /** Time from start to end, or until now, in ms. */
  readonly duration: number;
  /** Reason why the share ended early; null if it did not. */
  readonly aborted: string | null;
  /** Time by which it began after the agreed moment, in ms; what was due before was dropped. */
  readonly late: number;
  readonly scenarios: readonly ScenarioData[];
  readonly thresholds: readonly Threshold[];
  readonly notes: readonly string[];
  /** Figures over time; empty before the end. */
  readonly points: readonly Point[];
}

/** Parts of a result that shares do not know. */
export interface Merging {
  /** Sentences about the workers, to go before those of the script. */
  readonly notes?: readonly string[];
  /** Reason why the whole ended early; undefined for those of the shares. */
  readonly aborted?: string | undefined;
  /** True if shares are missing, in part at least: figures of a part are no proof that the whole met its thresholds. Default false. */
  readonly incomplete?: boolean;
  /** Workers that sent the shares. */
  readonly workers?: readonly LoadWorker[];
}

/**
 * Adds up the figures of shares.
 *
 * @param shares at least one, of different segments of one script
 */
export function mergedFigures(shares: readonly ShareData[]): ScenarioFigures[] {
  return shares[0].scenarios.map((first) => {
    const figures = new ScenarioFigures({
      ...first,
      requests: first.requests.map(({ name, group }) => ({ name, group })),
    });
    for (const { scenarios } of shares) {
      const own = scenarios.find(({ name }) => name === first.name);
      if (own !== undefined) figures.merge(own);
    }
    return figures;
  });
}

/** Makes the result of a run of its shares. */
export function mergedResult(
  shares: readonly ShareData[],
  { notes = [], aborted, incomplete = false, workers }: Merging = {},
): LoadResult {
  const [{ name, seed, thresholds }] = shares;
  const figures = mergedFigures(shares);
  const ended = shares.flatMap((share) =>
    share.aborted === null
      ? []
      : [`${share.aborted} (share ${segmentText(share.segment)})`]
  );
  const duration = Math.max(...shares.map((share) => share.duration));
  const judged = summarize(
    {
      name,
      seed,
      thresholds,
      notes: [...notes, ...unique(shares.flatMap((share) => share.notes))],
    },
    figures,
    {
      duration,
      now: duration,
      aborted: aborted ?? (ended.length > 0 ? ended.join("; ") : undefined),
    },
  );
  const summary: LoadSummary = {
    ...judged,
    ok: judged.ok && !incomplete,
    ...workers !== undefined && { workers },
  };
  const all = new Histogram();
  for (const each of figures) all.merge(each.total().times("responseTime"));
  return {
    summary,
    table: summaryTable(summary),
    csv: timeSeriesCsv(mergedPoints(shares.map(({ points }) => points))),
    hgrm: hgrm(all),
  };
}

/** Returns the first threshold that ends the run and does not hold for all shares together; undefined if there is none. */
export function crossed(shares: readonly ShareData[]): string | undefined {
  const elapsed = Math.max(...shares.map(({ duration }) => duration));
  const ending = shares[0].thresholds.filter(({ abortOnFail, after }) =>
    abortOnFail && elapsed >= after
  );
  if (ending.length === 0) return undefined;
  const figures = mergedFigures(shares);
  for (const threshold of ending) {
    const { metric, expression, actual, ok } = judge(threshold, figures);
    // A figure without a value may still get one.
    if (!ok && actual !== null) return `${metric} ${expression}`;
  }
  return undefined;
}

/**
 * Makes one result of the shares that several processes have written: files of `load --segment i/n --out FILE.json`.
 *
 * @param written the data of each, with the name of its file
 * @throws PerfmockError `ARGUMENT_INVALID` with all errors: no share of a run, other scripts, the same share twice
 */
export function resultOfShares(
  written: readonly { readonly source: string; readonly data: unknown }[],
): LoadResult {
  const issues: Issue[] = [];
  const shares: ShareData[] = [];
  const sources = new Map<number, string>();
  for (const { source, data } of written) {
    const issue = (message: string, allowed: string) =>
      issues.push({ path: "", message: `${source}: ${message}`, allowed });
    if (!isShare(data)) {
      issue(
        "It is not a share of a load run",
        "a file of load SCRIPT --segment i/n --out FILE.json",
      );
      continue;
    }
    const [first = data] = shares;
    const { index, count } = data.segment;
    const before = sources.get(index);
    if (data.digest !== first.digest || count !== first.segment.count) {
      issue(
        `It is share ${segmentText(data.segment)} of ${
          JSON.stringify(data.name)
        }, and the first file share ${segmentText(first.segment)} of ${
          JSON.stringify(first.name)
        }${data.name === first.name ? ", another version or seed of it" : ""}`,
        "shares of one script with one seed",
      );
    } else if (before !== undefined) {
      issue(
        `It is the share ${segmentText(data.segment)}, as ${before} is`,
        "each share once",
      );
    } else {
      sources.set(index, source);
      shares.push(data);
    }
  }
  if (issues.length > 0 || shares.length === 0) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot merge", issues);
  }
  const { count } = shares[0].segment;
  const missing = Array.from({ length: count }, (_, index) => index)
    .filter((index) => !sources.has(index));
  const notes = [
    ...missing.map((index) =>
      `share ${
        segmentText({ index, count })
      } is missing: these figures lack every arrival and user whose number modulo ${count} is ${index}`
    ),
    ...shares.filter(({ late }) => late > 0).map(({ segment, late }) =>
      lateness(`share ${segmentText(segment)}`, late)
    ),
  ];
  return mergedResult(shares, { notes, incomplete: missing.length > 0 });
}

/** The note on a share that began late. */
export function lateness(whose: string, late: number): string {
  return `${whose} began ${
    late < 10_000 ? `${Math.round(late)} ms` : `${Math.round(late / 1000)} s`
  } after the agreed moment: what was due before it began was dropped`;
}

/** Returns whether a value is a share that this version wrote. */
function isShare(value: unknown): value is ShareData {
  if (typeof value !== "object" || value === null) return false;
  const { version, segment, scenarios } = value as Partial<ShareData>;
  return version === SHARE_VERSION && Array.isArray(scenarios) &&
    Number.isInteger(segment?.count) && Number.isInteger(segment?.index);
}

function unique(notes: readonly string[]): string[] {
  return [...new Set(notes)];
}
