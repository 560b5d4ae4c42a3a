/**
 * Compares two recordings by route.
 *
 * @module
 */
import type {
  CountedRoute,
  DriftAnswer,
  DriftOptions,
  DriftResult,
  DriftVerdict,
  KsComparison,
  QuantileDrift,
  RouteDrift,
  StatusDrift,
} from "../../../../core/import.ts";
import { type Issue, PerfmockError } from "../../../../core/plugin.ts";
import { inFile } from "../../mocks/read_source.ts";
import { Reader } from "../../reading/reader.ts";
import { checkRecording } from "../read_recording.ts";
import {
  nameOf,
  type RecordedRoute,
  type RecordedRoutes,
  routesIn,
} from "../routes.ts";
import { type Curves, driftHtml, driftSvg } from "./drawings.ts";
import { driftTable } from "./table.ts";
import {
  ksDetectable,
  ksDistance,
  ksProbability,
  quantileWithInterval,
  ratioOf,
  shareDifference,
} from "./two_samples.ts";

/** Probability of any false claim among all routes. */
const ERROR = 0.05;

/** Distance of two distributions from which on they have another shape: a tenth of the requests has moved. */
const SHAPE = 0.1;

/** Number of expected requests below which a route may be missing by chance: P(none) is 5 % at 3. */
const LEAST_EXPECTED = 3;

/** Greatest number of points of a curve that is drawn. */
const MOST_POINTS = 200;

/** Verdicts that are a drift. */
const DRIFTS: ReadonlySet<DriftVerdict> = new Set([
  "faster",
  "shape",
  "slower",
  "slower and faster",
  "statuses",
]);

/** Returns whether a verdict is a drift. */
export function isDrift(verdict: DriftVerdict): boolean {
  return DRIFTS.has(verdict);
}

/** Returns whether a route of one recording is missing in the other for another reason than chance. */
export function isMissing({ expected }: CountedRoute): boolean {
  return expected >= LEAST_EXPECTED;
}

/**
 * Compares two recordings.
 *
 * @throws PerfmockError `IMPORT_INVALID` where a file is no recording, or has no exchange
 */
export async function compareRecordings(
  before: string,
  after: string,
  { threshold = 0.1, share = 0.01, progress }: DriftOptions = {},
): Promise<DriftResult> {
  const files = [before, after];
  await checkRecordings(files);
  // Both have the templates of both: a path that is rare in one of them would otherwise be another route there.
  const [first, second] = await routesIn(files, {
    reader: new Reader({ progress }),
  });
  for (const [index, { exchanges }] of [first, second].entries()) {
    if (exchanges > 0) continue;
    throw inFile(
      files[index],
      "it has no exchange",
      "a recording with requests",
    );
  }
  const olds = byName(first);
  const news = byName(second);
  const both = [...olds].flatMap(([name, old]) => {
    const other = news.get(name);
    return other === undefined ? [] : [{ name, old, other }];
  });
  const compared = both.map(({ name, old, other }) =>
    compareRoutes(name, [old, other], {
      threshold,
      share,
      routes: both.length,
    })
  );
  const curves: Curves = new Map(
    both.map(({ name, old, other }) => [name, {
      before: curveOf(old),
      after: curveOf(other),
    }]),
  );
  const missing = (
    here: ReadonlyMap<string, RecordedRoute>,
    there: ReadonlyMap<string, RecordedRoute>,
    { exchanges }: RecordedRoutes,
    other: RecordedRoutes,
  ): CountedRoute[] =>
    [...here].filter(([name]) => !there.has(name)).map(([route, one]) => ({
      route,
      count: one.statuses.total,
      expected: Math.round(
        one.statuses.total / exchanges * other.exchanges * 100,
      ) / 100,
    })).sort((a, b) => b.count - a.count);
  const answer: DriftAnswer = {
    before,
    after,
    threshold,
    share,
    routes: compared.toSorted((a, b) =>
      Number(isDrift(b.verdict)) - Number(isDrift(a.verdict)) ||
      changeOf(b) - changeOf(a)
    ),
    appeared: missing(news, olds, second, first),
    vanished: missing(olds, news, first, second),
    notes: notesOf(first, second, both.map(({ old, other }) => [old, other])),
  };
  return {
    answer,
    ok: !answer.routes.some(({ verdict }) => isDrift(verdict)) &&
      ![...answer.appeared, ...answer.vanished].some(isMissing),
    table: driftTable(answer),
    svg: () => driftSvg(answer),
    html: () => driftHtml(answer, curves),
  };
}

/** @throws PerfmockError with the errors of all files that are no recordings */
async function checkRecordings(files: readonly string[]): Promise<void> {
  const issues: Issue[] = [];
  for (const file of files) {
    try {
      await checkRecording(file);
    } catch (error) {
      if (!(error instanceof PerfmockError)) throw error;
      issues.push(...error.issues);
    }
  }
  if (issues.length === 0) return;
  throw new PerfmockError("IMPORT_INVALID", "Cannot compare", issues);
}

function byName({ routes }: RecordedRoutes): Map<string, RecordedRoute> {
  return new Map(routes.map((route) => [nameOf(route), route]));
}

/** Greatest change of a route's percentiles. */
function changeOf({ p50, p99 }: RouteDrift): number {
  return Math.max(
    0,
    ...[p50, p99].map(({ ratio }) =>
      ratio === null ? 0 : Math.abs(Math.log(ratio.value))
    ),
  );
}

/** Times of a route in ascending order. */
function timesOf({ waits }: RecordedRoute): Float64Array {
  return waits.values.sort();
}

function compareRoutes(
  route: string,
  [old, other]: readonly [RecordedRoute, RecordedRoute],
  { threshold, share, routes }: {
    readonly threshold: number;
    readonly share: number;
    readonly routes: number;
  },
): RouteDrift {
  const times = [timesOf(old), timesOf(other)] as const;
  const [first, second] = times;
  // Two percentiles of each route are compared.
  const error = ERROR / (2 * routes);
  const p50 = quantileDrift(times, 0.5, error);
  const p99 = quantileDrift(times, 0.99, error);
  const statuses = statusesOf(old, other, { share, error: ERROR / routes });
  const ks: KsComparison | null = first.length < 2 || second.length < 2
    ? null
    : comparisonOf(first, second, routes);
  const changes = [p50, p99].map((one) => changed(one, threshold));
  const verdict: DriftVerdict =
    changes.includes("slower") && changes.includes("faster")
      ? "slower and faster"
      : changes.includes("slower")
      ? "slower"
      : changes.includes("faster")
      ? "faster"
      : statuses.some(({ drifts }) => drifts)
      ? "statuses"
      : ks !== null && ks.p < ERROR && ks.distance >= SHAPE
      ? "shape"
      : changes.includes("unclear")
      ? "unclear"
      : "same";
  return {
    route,
    verdict,
    count: { before: old.waits.count, after: other.waits.count },
    p50,
    p99,
    ks,
    statuses,
  };
}

function comparisonOf(
  first: Float64Array,
  second: Float64Array,
  routes: number,
): KsComparison {
  const distance = ksDistance(first, second);
  const p = ksProbability(distance, first.length, second.length);
  return {
    distance,
    p: Math.min(1, p * routes),
    detectable: ksDetectable(ERROR, first.length, second.length),
  };
}

function quantileDrift(
  [first, second]: readonly [Float64Array, Float64Array],
  probability: number,
  error: number,
): QuantileDrift {
  const [before, after] = [first, second].map((times) =>
    times.length === 0 ? null : quantileWithInterval(times, probability, error)
  );
  return {
    before,
    after,
    ratio: before === null || after === null ? null : ratioOf(before, after),
  };
}

/** Change of a percentile. It is one if its interval excludes none, and no change if its interval excludes any beyond the threshold. */
function changed(
  { ratio }: QuantileDrift,
  threshold: number,
): "faster" | "same" | "slower" | "unclear" {
  if (ratio === null) return "unclear";
  const { value, low, high } = ratio;
  if (low !== null && low > 1 && value > 1 + threshold) return "slower";
  if (high !== null && high < 1 && value < 1 / (1 + threshold)) return "faster";
  return low !== null && high !== null && high <= 1 + threshold &&
        low >= 1 / (1 + threshold) ||
      low !== null && low > 1 || high !== null && high < 1
    ? "same"
    : "unclear";
}

function statusesOf(
  old: RecordedRoute,
  other: RecordedRoute,
  { share, error }: { readonly share: number; readonly error: number },
): StatusDrift[] {
  const counts = [old, other].map(({ statuses }) => new Map(statuses.entries));
  const [before, after] = counts;
  const all = [...new Set([...before.keys(), ...after.keys()])].sort((a, b) =>
    a - b
  );
  return all.map((status): StatusDrift => {
    const first = { count: before.get(status) ?? 0, of: old.statuses.total };
    const second = { count: after.get(status) ?? 0, of: other.statuses.total };
    const { low, high } = shareDifference(first, second, error);
    const shares = {
      before: first.count / first.of,
      after: second.count / second.of,
    };
    return {
      status,
      share: shares,
      low,
      high,
      drifts: (low > 0 || high < 0) &&
        Math.abs(shares.after - shares.before) > share,
    };
  }).filter(({ share }) => share.before !== share.after);
}

/** Points of a distribution function. */
function curveOf(
  route: RecordedRoute,
): readonly [time: number, share: number][] {
  const times = timesOf(route);
  const step = Math.max(1, times.length / MOST_POINTS);
  const points: [number, number][] = [];
  for (let at = 0; at < times.length; at += step) {
    const rank = Math.floor(at);
    points.push([times[rank], (rank + 1) / times.length]);
  }
  if (times.length > 0) points.push([times[times.length - 1], 1]);
  return points;
}

function notesOf(
  first: RecordedRoutes,
  second: RecordedRoutes,
  pairs: readonly (readonly [RecordedRoute, RecordedRoute])[],
): string[] {
  const upstreams = [first, second].map((one) => one.upstreams.join(", "));
  const busy = pairs.filter(([old, other]) => {
    const [a, b] = [old, other].map(({ together, waits }) =>
      together.count / Math.max(1, waits.count)
    );
    return Math.abs(a - b) > 0.25;
  });
  return [
    `Intervals hold for all percentiles of all routes together with 95 %; p of KS is multiplied by the number of routes.`,
    ...upstreams[0] === upstreams[1] ? [] : [
      `The upstreams are two: ${upstreams[0]} before, ${upstreams[1]} after.`,
    ],
    ...busy.length === 0 ? [] : [
      `The load was another one: of ${
        busy.slice(0, 5).map(([old]) => nameOf(old)).join(", ")
      }${
        busy.length > 5 ? " and others" : ""
      }, the share of requests that met others under way differs by more than a quarter. Their times may differ for that reason.`,
    ],
  ];
}
