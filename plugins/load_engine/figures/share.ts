/**
 * The result of all shares of a run together: counts and histograms are added up without loss, and thresholds judged on the whole.
 *
 * @module
 */
import type {
  LoadResult,
  LoadSummary,
  LoadWorker,
} from "../../../core/load.ts";
import {
  Histogram,
  type Issue,
  type Kit,
  PerfmockError,
  segmentText,
} from "../../../core/plugin.ts";
import { hgrm, summaryTable, timeSeriesCsv } from "./formats.ts";
import { ScenarioFigures } from "./scenario_figures.ts";
import { readShare, type ShareData } from "./share_data.ts";
import { judge, summarize } from "./summary.ts";
import { mergedPoints } from "./time_series.ts";

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
      incomplete: incomplete || shares.some(isCurtailed),
    },
  );
  const summary: LoadSummary = {
    ...judged,
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
 * @throws PerfmockError `ARGUMENT_INVALID` with all errors: no share of a run, shares of different runs, the same share twice
 */
export function resultOfShares(
  written: readonly { readonly source: string; readonly data: unknown }[],
  kit: Kit,
): LoadResult {
  const issues: Issue[] = [];
  const shares: ShareData[] = [];
  const sources = new Map<number, string>();
  let first: { readonly source: string; readonly share: ShareData } | undefined;
  for (const { source, data } of written) {
    const issue = (message: string, allowed: string) =>
      issues.push({ path: "", message: `${source}: ${message}`, allowed });
    const read = readShare(data, kit);
    if ("reason" in read) {
      issue(
        read.reason,
        "a file of load SCRIPT --segment i/n --out FILE.json",
      );
      continue;
    }
    const { share } = read;
    first ??= { source, share };
    const differences = differencesOf(share, first.share);
    const before = sources.get(share.segment.index);
    if (differences.length > 0) {
      issue(
        `It is share ${
          segmentText(share.segment)
        } of another run than ${first.source}, share ${
          segmentText(first.share.segment)
        }: ${differences.join("; ")}`,
        "shares of one run: the same script, files, seed and target, started together",
      );
    } else if (before !== undefined) {
      issue(
        `It is the share ${segmentText(share.segment)}, as ${before} is`,
        "each share once",
      );
    } else {
      sources.set(share.segment.index, source);
      shares.push(share);
    }
  }
  if (issues.length > 0 || shares.length === 0) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot merge", issues);
  }
  const { count } = shares[0].segment;
  const missing = Array.from({ length: count }, (_, index) => index)
    .filter((index) => !sources.has(index));
  const notes = [
    ...notesOnMissing(missing, count),
    ...notesOnStarts(shares),
    ...shares.filter(({ late }) => late > 0).map((share) =>
      lateness(`share ${segmentText(share.segment)}`, share.late)
    ),
  ];
  return mergedResult(shares, { notes, incomplete: missing.length > 0 });
}

/** Greatest distance of starts that were not agreed, in ms: shares whose starts are further apart are of different runs. */
const SAME_RUN = 3_600_000;

/** Returns in what a share is not of the same run as another one; empty if it is. */
function differencesOf(own: ShareData, other: ShareData): string[] {
  const differ = (what: string, a: unknown, b: unknown) =>
    a === b ? [] : [`${what} ${inWords(a)}, and not ${inWords(b)}`];
  const script = differ("it is of the script", own.name, other.name);
  const draws = Object.keys(own.digests.draws).filter((scenario) =>
    own.digests.draws[scenario] !== other.digests.draws[scenario]
  );
  const starts = [own.start, other.start].map((start) => start?.at ?? NaN);
  const apart = Math.abs(starts[0] - starts[1]);
  const agreed = own.start?.agreed === true && other.start?.agreed === true;
  return [
    ...differ(
      "it is one of",
      own.segment.count,
      other.segment.count,
    ).map((text) => `${text} shares`),
    ...script,
    ...script.length === 0 && own.digests.script !== other.digests.script
      ? ["it is of another version of the script"]
      : [],
    ...differ("its seed is", own.seed, other.seed),
    ...differ("its target is", own.target, other.target),
    ...own.digests.files === other.digests.files
      ? []
      : ["the files that the script names had other contents"],
    ...script.length === 0 && draws.length > 0
      ? [
        `the think times of ${
          draws.join(", ")
        } were drawn from other distributions`,
      ]
      : [],
    ...(own.start === null) !== (other.start === null)
      ? ["one was sent and one simulated"]
      : apart > (agreed ? 0 : SAME_RUN)
      ? [
        `it started at ${
          starts.map((at) => new Date(at).toISOString()).join(", and not at ")
        }`,
      ]
      : [],
  ];
}

function inWords(value: unknown): string {
  return value === null ? "the server that ran it" : JSON.stringify(value);
}

/** Most shares that are named one by one. */
const MOST_NAMED = 10;

function notesOnMissing(missing: readonly number[], count: number): string[] {
  const named = missing.slice(0, MOST_NAMED).map((index) =>
    `share ${
      segmentText({ index, count })
    } is missing: these figures lack every arrival and user whose number modulo ${count} is ${index}`
  );
  const more = missing.length - named.length;
  return more > 0 ? [...named, `${more} more shares are missing`] : named;
}

/** Distance of starts, in ms, from which shares have not sent their load together. */
const TOGETHER = 1000;

/** The note on shares that have not started together, where no start was agreed. */
function notesOnStarts(shares: readonly ShareData[]): string[] {
  const starts = shares.flatMap(({ start }) => start?.at ?? []);
  const apart = Math.max(...starts) - Math.min(...starts);
  return apart > TOGETHER
    ? [
      `the shares started ${
        (apart / 1000).toFixed(1)
      } s apart, so the load was never that of the whole script: --start-at agrees on a moment`,
    ]
    : [];
}

/** Returns whether a share that began late has left out arrivals, or all that it had to send. */
export function isCurtailed(
  { late, scenarios }: Pick<ShareData, "late" | "scenarios">,
): boolean {
  if (late === 0) return false;
  const dropped = scenarios.some(({ dropped }) => dropped > 0);
  return dropped ||
    !scenarios.some(({ parts }) =>
      Object.values(parts).some(({ started }) => started > 0)
    );
}

/** The note on a share that began late. */
export function lateness(whose: string, late: number): string {
  return `${whose} began ${
    late < 10_000 ? `${Math.round(late)} ms` : `${Math.round(late / 1000)} s`
  } after the agreed moment: what was due before it began was dropped`;
}

function unique(notes: readonly string[]): string[] {
  return [...new Set(notes)];
}
