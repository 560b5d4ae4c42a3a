/**
 * Sentences of an answer. Names in them are as the page and the script wrote them: a report escapes them for its own form.
 *
 * @module
 */
import type {
  Estimate,
  FoundBudget,
  FoundCliff,
  FoundInteraction,
  FoundRoute,
  Verdict,
} from "../../../core/find.ts";
import {
  change,
  decimal,
  inMilliseconds,
  inSeconds,
  percent,
  plain,
  plusMinus,
  range,
} from "./numbers.ts";

/** Facts that all sentences share. */
export interface SentenceContext {
  /** Name of the figure, such as `LCP`. */
  readonly figure: string;
  /** Confidence of the intervals, such as 0.95. */
  readonly confidence: number;
}

/** Largest number of routes that a sentence names. */
const MOST_NAMED = 3;

/** Half-width of a slope's interval from which on its numbers say nothing. */
const UNKNOWN = 10;

/** Kind of a factor: a route of ours, a URL pattern of another origin, or the page's processor. */
type FactorKind = "route" | "origin" | "cpu";

/** Usual words for a verdict. */
const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  critical: "on the critical path",
  partly: "partly on the critical path",
  hidden: "hidden",
  unclear: "unclear",
};

/** Writes the sentence of a route: the cost of the time that was added to it, and the verdict. */
export function routeSentence(
  route: Omit<FoundRoute, "sentence">,
  { figure, confidence }: SentenceContext,
  kind: FactorKind = "route",
): string {
  const { route: id, slope, low, high, verdict, added, saved, taken, errors } =
    route;
  const { asked } = added;
  const cost = scaled({ value: slope, low, high }, asked);
  const changed = kind === "cpu"
    ? `A processor slower by ${plain(asked)} %`
    : kind === "origin"
    ? `At least ${inMilliseconds(asked)} on ${id}`
    : `${change(asked)} ms on ${id}`;
  if (!((high - low) / 2 < UNKNOWN)) {
    return `${changed} costs an unknown amount of ${figure}: too few loads, or too much noise.${
      errorWords(errors)
    }`;
  }
  const amount = verdict === "hidden"
    ? `${plusMinus(cost)} ms ${figure}`
    : `${change(cost.value)} ms ${figure} (${intervalWords(cost, confidence)})`;
  return `${changed} costs ${amount}: ${VERDICT_WORDS[verdict]}.${
    saved === null || taken === null
      ? ""
      : savedWords(saved, { low, high }, taken.asked)
  }${errorWords(errors)}`;
}

/** Sentence on errors among the answers of a route; empty where there were none. */
function errorWords(errors: FoundRoute["errors"]): string {
  if (errors === null || errors.share === 0) return "";
  return ` ${percent(errors.share)} of its answers were errors (${
    Object.keys(errors.statuses).join(", ")
  }).`;
}

/** Sentence on time taken away, where that is worth another amount than time added. */
function savedWords(
  saved: Estimate,
  added: Pick<Estimate, "low" | "high">,
  taken: number,
): string {
  if (saved.high >= added.low && saved.low <= added.high) return "";
  const gain = plusMinus(scaled(saved, taken));
  return ` ${inMilliseconds(taken)} less saves ${gain} ms.`;
}

function scaled({ value, low, high }: Estimate, factor: number): Estimate {
  const ends = [low * factor, high * factor];
  return {
    value: value * factor,
    low: Math.min(...ends),
    high: Math.max(...ends),
  };
}

/** Writes the sentence of a pair of routes whose effects do not add up. */
export function interactionSentence(
  { routes: [first, second], added, effect }: Omit<
    FoundInteraction,
    "sentence"
  >,
  { figure, confidence }: SentenceContext,
): string {
  // An effect below 0 makes the figure smaller: less cost, or more savings.
  const isMore = effect.value > 0 === added;
  const size = scaled(effect, Math.sign(effect.value));
  return `Time ${
    added ? "added to" : "taken away from"
  } both ${first} and ${second} ${added ? "costs" : "saves"} ${
    inMilliseconds(size.value)
  } ${figure} ${isMore ? "more" : "less"} than the sum of each alone (${
    intervalWords(size, confidence)
  }).`;
}

/** Writes the sentence of the budget: where it breaks, or what would keep it. */
export function budgetSentence(
  { limit, kept }: Omit<FoundBudget, "sentence">,
  { figure, confidence, baseline, routes }: SentenceContext & {
    readonly baseline: {
      readonly median: number;
      readonly low: number;
      readonly high: number;
    };
    readonly routes: readonly Pick<
      FoundRoute,
      "route" | "responseTime" | "largest"
    >[];
  },
): string {
  const found = routes.flatMap(({ route, responseTime, largest }) =>
    largest === null || responseTime === null
      ? []
      : [{ route, largest, room: largest.value - responseTime }]
  ).sort((a, b) => kept ? a.room - b.room : b.room - a.room);
  const named = found.slice(0, MOST_NAMED).map(({ route, largest }, i) =>
    `${route} ${
      kept ? i === 0 ? "exceeds " : "" : i === 0 ? "takes at most " : "at most "
    }${inMilliseconds(largest.value)} (${range(largest)})`
  );
  const others = found.length - named.length;
  const list = `${named.join(", or ")}${
    others > 0
      ? `, or by ${others} more ${others === 1 ? "route" : "routes"}`
      : ""
  }`;
  const now = `${figure} is ${inMilliseconds(baseline.median)} (${
    intervalWords(baseline, confidence)
  }) as configured`;
  if (kept) {
    return `The ${inSeconds(limit)} budget ${
      found.length === 0
        ? "is kept, and no route was found to break it"
        : `breaks when ${list}`
    }. ${now}.`;
  }
  return `The ${inSeconds(limit)} budget is broken: ${now}. ${
    found.length === 0
      ? "No single route was found to bring it back"
      : `It is kept again when ${list}`
  }.`;
}

/** Writes the sentence of a cliff. */
export function cliffSentence(
  { of, unit, breaksAt, failsAt, bend, jump, points }: Omit<
    FoundCliff,
    "sentence"
  >,
  { figure, confidence, limit, from, to }: SentenceContext & {
    /** Largest allowed figure, in ms; null for none. */
    readonly limit: number | null;
    /** Mildest level of the search. */
    readonly from: number;
    /** Harshest level of the search. */
    readonly to: number;
  },
): string {
  const level = (value: number) => levelText(value, unit);
  const within = (estimate: Estimate) =>
    `${percent(confidence)} interval ${levelRange(estimate, unit)}`;
  const isFirst = (estimate: Estimate) => estimate.value === from;
  const passed = to > from ? "exceeds" : "falls below";
  const budget = limit === null ? "" : `${inSeconds(limit)} budget`;
  const found: string[] = [];
  if (breaksAt !== null) {
    found.push(
      isFirst(breaksAt)
        ? `The ${budget} is broken from the start, at ${level(from)}.`
        : `The ${budget} breaks when ${of} ${passed} ${
          level(breaksAt.value)
        } (${within(breaksAt)}).`,
    );
  }
  if (failsAt !== null) {
    found.push(
      isFirst(failsAt)
        ? `Half of the loads or more fail from the start, at ${level(from)}.`
        : `Half of the loads or more fail when ${of} ${passed} ${
          level(failsAt.value)
        } (${within(failsAt)}).`,
    );
  }
  if (bend !== null) {
    const per = unit === "" ? "unit" : unit;
    const [before, after] = [bend.before, bend.after].map(({ value }) =>
      unit === "B/s" ? plain(value / 1000) : decimal(value)
    );
    found.push(
      `The slope changes at ${level(bend.at.value)} (${within(bend.at)}): ${
        unit === "B/s"
          ? `${figure} waits for ${before} KB`
          : `${before} ms ${figure} per ${per}`
      } below, ${after} above.`,
    );
  }
  if (jump !== null) {
    found.push(
      `${figure} jumps by ${change(jump.by.value)} ms (${
        intervalWords(jump.by, confidence)
      }) at ${level(jump.at.value)} (${levelRange(jump.at, unit)}).`,
    );
  }
  const tried = `between ${level(from)} and ${level(to)}`;
  if (points.length === 0) return `Nothing was measured along ${of}.`;
  if (found.length > 0) {
    const [first] = found;
    return `${first.includes(of) ? "" : `Along ${of}: `}${found.join(" ")}`;
  }
  return `${of} has no cliff ${tried}: ${
    limit === null ? "" : `the ${budget} is kept, `
  }loads do not fail, and one line fits.`;
}

/** Writes a level of a dial with its unit. Levels may be shares: three digits count. */
export function levelText(value: number, unit: string): string {
  if (unit === "B/s" && value >= 1e6) return `${digits(value / 1e6)} MB/s`;
  if (unit === "B/s" && value >= 1e3) return `${digits(value / 1e3)} KB/s`;
  return unit === "" ? digits(value) : `${digits(value)} ${unit}`;
}

/** Writes an interval of levels: the unit once, where both ends have the same. */
export function levelRange(
  { low, high }: Pick<Estimate, "low" | "high">,
  unit: string,
): string {
  const [from, fromUnit] = levelText(low, unit).split(" ");
  const to = levelText(high, unit);
  return fromUnit === undefined || to.endsWith(` ${fromUnit}`)
    ? `${from}…${to}`
    : `${from} ${fromUnit}…${to}`;
}

function digits(value: number): string {
  const text = Math.abs(value) < 100
    ? String(Number(value.toPrecision(3)))
    : value.toFixed(0);
  return text.replace("-", "−");
}

function intervalWords(
  estimate: Pick<Estimate, "low" | "high">,
  confidence: number,
): string {
  return `${percent(confidence)} interval ${range(estimate)}`;
}
