/**
 * Figures of one share of a run as JSON data: their form, and how they are read from a file that anybody may have written.
 *
 * @module
 */
import type { LoadShare } from "../../../core/load.ts";
import {
  Histogram,
  type Kit,
  MOST_REPLICAS,
  type Schema,
  type Segment,
  validate,
} from "../../../core/plugin.ts";
import {
  type Figure,
  hasTimes,
  isCounted,
  type Script,
  type Threshold,
} from "../script/script.ts";
import {
  OTHERS,
  type PartData,
  type ScenarioData,
} from "./scenario_figures.ts";
import type { Point } from "./time_series.ts";

/** Version of the form of {@linkcode ShareData}. */
export const SHARE_VERSION = 2;

/** Start of a share. */
export interface ShareStart {
  /** Time in ms since 1970, by the clock of the machine that sent it. */
  readonly at: number;
  /** True if it was agreed with the other shares, and false for a start as soon as possible. */
  readonly agreed: boolean;
}

/** Figures of one share of a run, complete. */
export interface ShareData extends LoadShare {
  readonly version: typeof SHARE_VERSION;
  readonly segment: Segment;
  /** Name of the script. */
  readonly name: string;
  readonly seed: number | string;
  /** Digests of what shares of one run have in common. */
  readonly digests: Script["digests"];
  /** URL of the script's target; null for the server that ran it. */
  readonly target: string | null;
  /** Start; null in virtual time. */
  readonly start: ShareStart | null;
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

/** Maximum number of reasons that are told of one file. */
const MOST_REASONS = 3;

/**
 * Reads a share from JSON.
 *
 * @returns the share, or the reason why the value is none
 */
export function readShare(
  value: unknown,
  kit: Kit,
): { readonly share: ShareData } | { readonly reason: string } {
  const { version } = Object(value) as { readonly version?: unknown };
  if (!Number.isInteger(version)) {
    return { reason: "It is not a share of a load run" };
  }
  if (version !== SHARE_VERSION) {
    return {
      reason:
        `It is a share that another version of perfmock wrote: its form has the number ${version}, and this one reads ${SHARE_VERSION}`,
    };
  }
  const result = validate(shareSchema(kit), value);
  if (result.issues === undefined) return { share: result.value };
  const reasons = result.issues.slice(0, MOST_REASONS)
    .map(({ path, message }) => `${path}: ${message}`);
  const more = result.issues.length - reasons.length;
  return {
    reason: `It is a share that is damaged: ${reasons.join("; ")}${
      more > 0 ? `; and ${more} more` : ""
    }`,
  };
}

function shareSchema({ z }: Kit): Schema<ShareData> {
  const count = z.number().int().min(0);
  const text = z.string();
  const figure = z.number();
  // JSON has no NaN, which stands for figures without a value.
  const measured = z.union([z.number(), z.nan(), z.null()])
    .transform((value) => value ?? NaN);
  const histogram = z.unknown().superRefine((data, context) => {
    const message = Histogram.flaw(data);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
  const times = z.object({
    responseTime: histogram,
    serviceTime: histogram,
    firstByte: histogram,
  });
  const part = z.object({
    started: count,
    completed: count,
    failed: count,
    refused: count,
    cut: count,
    passed: count,
    missed: count,
    failures: z.record(text, count),
    servedTimes: times,
    refusedTimes: times.optional(),
    timedOut: times.optional(),
    startLag: histogram,
  }).superRefine((given, context) => {
    const message = contradiction(given as unknown as PartData);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });
  const scenario = z.object({
    name: text,
    executor: z.enum([
      "arrival-rate",
      "virtual-users",
      "shared-iterations",
      "replay",
    ]),
    requests: z.array(z.object({ name: text, group: text.optional() })),
    opened: figure.nullable(),
    closed: figure.nullable(),
    dropped: count,
    parts: z.record(text, part),
  }).superRefine(({ requests, parts }, context) => {
    const names = new Set([...requests.map(({ name }) => name), OTHERS]);
    for (const name of Object.keys(parts)) {
      if (names.has(name)) continue;
      context.addIssue({
        code: "custom",
        path: ["parts", name],
        message: "There is no such request in the scenario",
      });
    }
  });
  const metric = z.object({
    text,
    scenario: text.optional(),
    part: text.optional(),
    figure: text.refine(
      (name) => hasTimes(name as Figure) || isCounted(name as Figure),
      { error: "There is no such figure" },
    ),
  });
  const threshold = z.object({
    metric,
    expression: text,
    statistic: z.union([
      z.object({ kind: z.literal("quantile"), p: z.number().min(0).max(1) }),
      z.object({ kind: z.enum(["avg", "min", "max", "med", "count", "rate"]) }),
    ]),
    operator: z.enum(["<", "<=", ">", ">=", "==", "!="]),
    bound: figure,
    abortOnFail: z.boolean(),
    after: figure,
  });
  const point = z.object({
    at: figure,
    span: figure,
    scenario: text,
    scheduled: count,
    started: count,
    dropped: count,
    completed: count,
    failed: count,
    refused: count,
    cut: count,
    inFlight: count,
    p50: measured,
    p95: measured,
    p99: measured,
    max: measured,
  });
  return z.object({
    version: z.literal(SHARE_VERSION),
    segment: z.object({
      index: count,
      count: z.number().int().min(1).max(MOST_REPLICAS),
    }).refine(({ index, count }) => index < count, {
      error: "Its shares count from 0, and there is none with this number",
    }),
    name: text,
    seed: z.union([figure, text]),
    digests: z.object({
      script: text,
      files: text,
      draws: z.record(text, text),
    }),
    target: text.nullable(),
    start: z.object({ at: figure, agreed: z.boolean() }).nullable(),
    duration: z.number().min(0),
    aborted: text.nullable(),
    late: z.number().min(0),
    scenarios: z.array(scenario),
    thresholds: z.array(threshold),
    notes: z.array(text),
    points: z.array(point),
  }) as unknown as Schema<ShareData>;
}

/** Returns how the counts of a part contradict one another or its histograms; undefined if they do not. */
function contradiction(
  { started, completed, failed, refused, cut, servedTimes, ...times }: PartData,
): string | undefined {
  if (completed + failed + cut > started) {
    return "More requests have ended than were sent";
  }
  if (refused > failed) return "More requests were refused than failed";
  return servedTimes.responseTime.count !== completed ||
      (times.refusedTimes?.responseTime.count ?? 0) !== refused
    ? "Its counts are not those of its histograms"
    : undefined;
}
