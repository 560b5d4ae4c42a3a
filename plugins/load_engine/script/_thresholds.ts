/**
 * Thresholds: `browse.responseTime: ["p(95)<200ms"]`.
 *
 * @module
 */
import {
  type Issue,
  type Kit,
  type Schema,
  toPointer,
  validate,
} from "../../../core/plugin.ts";
import {
  COUNT_FIGURES,
  type Figure,
  hasTimes,
  isCounted,
  OUTCOME_FIGURES,
  type Statistic,
  type Threshold,
  type ThresholdMetric,
  TIME_FIGURES,
} from "./script.ts";

const FIGURES: readonly Figure[] = [
  ...TIME_FIGURES,
  ...OUTCOME_FIGURES,
  ...COUNT_FIGURES,
];

/** Tools that thresholds are read with, and the figures that exist. */
export interface ThresholdContext {
  /** Named groups and requests by scenario; undefined for a scenario whose parts are unknown. */
  readonly scenarios: ReadonlyMap<string, ReadonlySet<string> | undefined>;
  readonly kit: Kit;
  /** See {@linkcode ScriptTools.suggest}. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}

/** A bound of a threshold as its schema parses it. */
export interface Bound {
  readonly expression: string;
  readonly abortOnFail: boolean;
  readonly after: number;
}

/** Reads all thresholds of a script, each on its own, so that no issue hides another. */
export function readThresholds(
  written: unknown,
  context: ThresholdContext,
): { readonly thresholds: Threshold[]; readonly issues: Issue[] } {
  const { z } = context.kit;
  const thresholds: Threshold[] = [];
  const issues: Issue[] = [];
  const lists = validate(
    z.record(z.string(), z.unknown()).meta({
      description:
        'an object of lists by figure, such as { "responseTime": ["p(95)<200ms"] }',
    }),
    written ?? {},
    "/thresholds",
  );
  if (lists.issues !== undefined) {
    return { thresholds, issues: [...lists.issues] };
  }
  const type = boundType(context.kit);
  const listType = z.array(z.unknown()).min(1).meta({
    description: 'a list of comparisons such as ["p(95)<200ms"]',
  });
  for (const [text, given] of Object.entries(lists.value)) {
    const path = `/thresholds${toPointer([text])}`;
    const metric = readMetric(text, path, context);
    if ("message" in metric) issues.push(metric);
    const list = validate(listType, given, path);
    if (list.issues !== undefined) {
      issues.push(...list.issues);
      continue;
    }
    list.value.forEach((bound, index) => {
      const at = `${path}/${index}`;
      const read = validate(
        type,
        typeof bound === "string" ? { expression: bound } : bound,
        at,
      );
      if (read.issues !== undefined) {
        issues.push(...read.issues);
        return;
      }
      const figure = "message" in metric ? undefined : metric.figure;
      const options: Bound = read.value;
      const expression = readExpression(
        options.expression,
        figure,
        context,
      );
      if ("issue" in expression) {
        const place = typeof bound === "string" ? at : `${at}/expression`;
        issues.push({ path: place, ...expression.issue });
      } else if (!("message" in metric)) {
        thresholds.push({ metric, ...options, ...expression });
      }
    });
  }
  return { thresholds, issues };
}

/** Makes the schema of one bound of a threshold, where it is not a text. */
export function boundType(kit: Kit): Schema<Bound> {
  return kit.z.strictObject(kit.worded({
    expression: kit.z.string(),
    abortOnFail: kit.z.boolean().default(false),
    after: kit.duration().default(0),
  }, {
    expression: 'Comparison that must hold, such as "p(95)<200ms"',
    abortOnFail: "True to end the run as soon as the threshold fails",
    after: "Time from which on the run may be ended",
  })).meta({
    description:
      'a text such as "p(95)<200ms", or { expression, abortOnFail, after }',
  });
}

/** Parses `figure`, `scenario.figure` or `scenario.part.figure`. */
function readMetric(
  text: string,
  path: string,
  { scenarios, suggest }: ThresholdContext,
): ThresholdMetric | Issue {
  // k6 writes the scenario of a metric in braces.
  const [, tagged, tags] = /^([^{}]+)\{(.*)\}$/.exec(text) ?? [];
  if (tagged !== undefined) {
    return taggedMetric(text, path, { tagged, tags, suggest });
  }
  const words = text.split(".");
  const last = words[words.length - 1];
  const figure = FIGURES.find((name) => name === last);
  const [scenario, part] = words.slice(0, -1);
  const issue = (
    message: string,
    word: string,
    candidates: readonly string[],
  ): Issue => {
    const suggestion = suggest(word, candidates);
    return {
      path,
      message,
      value: text,
      allowed: candidates.join(", ") ||
        "nothing: no scenario of the script sends requests",
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  };
  if (words.length > 3) {
    return issue("A threshold refers to scenario.part.figure", last, FIGURES);
  }
  if (figure === undefined) {
    return issue(`There is no figure ${JSON.stringify(last)}`, last, FIGURES);
  }
  if (scenario !== undefined && !scenarios.has(scenario)) {
    const names = [...scenarios.keys()];
    const message = `There is no scenario ${
      JSON.stringify(scenario)
    } that sends requests`;
    return issue(message, scenario, names);
  }
  const known = scenarios.get(scenario);
  if (part !== undefined && known !== undefined && !known.has(part)) {
    const message = `Scenario "${scenario}" has no group or named request ${
      JSON.stringify(part)
    }`;
    return issue(message, part, [...known]);
  }
  return { text, scenario, part, figure };
}

/** The issue of a metric with tags, such as `http_req_duration{scenario:browse}`. */
function taggedMetric(
  text: string,
  path: string,
  { tagged, tags, suggest }: Pick<ThresholdContext, "suggest"> & {
    readonly tagged: string;
    readonly tags: string;
  },
): Issue {
  const figure = suggest(tagged, FIGURES);
  const [, scenario] = /(?:^|,)\s*scenario:\s*([\w-]+)/.exec(tags) ?? [];
  return {
    path,
    message: "A threshold has no tags",
    value: text,
    allowed: "figure, scenario.figure or scenario.part.figure",
    ...figure !== undefined && {
      suggestion: scenario === undefined ? figure : `${scenario}.${figure}`,
    },
  };
}

type Comparison = Pick<Threshold, "statistic" | "operator" | "bound">;

/** An issue of an expression. */
interface ExpressionIssue {
  readonly issue: Omit<Issue, "path">;
}

const TIME_STATISTICS = "p(0)…p(100), avg, min, med, max, count";
const COUNT_STATISTICS = "count, rate";
const ALL_STATISTICS = `${TIME_STATISTICS}, rate`;
/** Operators of other languages, with those that they mean. */
const OTHER_OPERATORS: Readonly<
  Record<string, typeof OPERATORS[number] | undefined>
> = {
  "=<": "<=",
  "=>": ">=",
  "≤": "<=",
  "≥": ">=",
  "≠": "!=",
  "<>": "!=",
  "=": "==",
};
const OPERATORS = ["<=", ">=", "==", "!=", "<", ">"] as const;

/** Parses a comparison such as `p(95)<200ms`. An issue says at which column. */
function readExpression(
  text: string,
  figure: Figure | undefined,
  { kit, suggest }: Pick<ThresholdContext, "kit" | "suggest">,
): Comparison | ExpressionIssue {
  const issue = (
    column: number,
    found: string,
    allowed: string,
    suggestion?: string,
  ): ExpressionIssue => ({
    issue: {
      message: `Cannot read the threshold at column ${column}: ${found}`,
      value: text,
      allowed,
      ...suggestion !== undefined && { suggestion },
    },
  });
  let at = text.search(/\S|$/);
  const name = /^[a-z]*/i.exec(text.slice(at))?.[0] ?? "";
  const start = at;
  const timed = figure === undefined || hasTimes(figure);
  const counted = figure === undefined || isCounted(figure);
  let statistic: Statistic;
  at += name.length;
  if (name === "p" && timed) {
    const number = /^\(\s*(\d+(?:\.\d+)?)\s*\)/.exec(text.slice(at));
    if (number === null || Number(number[1]) > 100) {
      const plain = /^\s*\(?\s*(\d{1,2}(?:\.\d+)?)(?![\d.])\s*\)?(.*)$/.exec(
        text.slice(at),
      );
      return issue(
        at + 1,
        "p takes a percentage",
        "p(0)…p(100)",
        plain === null ? undefined : `p(${plain[1]})${plain[2]}`,
      );
    }
    statistic = { kind: "quantile", p: Number(`${number[1]}e-2`) };
    at += number[0].length;
  } else if (
    timed && ["avg", "min", "max", "med"].includes(name) ||
    counted && name === "rate" || name === "count"
  ) {
    statistic = { kind: name as "avg" };
  } else {
    const known = [
      ...timed ? ["avg", "min", "med", "max"] : [],
      "count",
      ...counted ? ["rate"] : [],
    ];
    const near = suggest(name, known);
    return issue(
      start + 1,
      name === ""
        ? "a statistic is expected"
        : `${JSON.stringify(name)} is not a statistic of this figure`,
      figure === undefined || timed && counted
        ? ALL_STATISTICS
        : timed
        ? TIME_STATISTICS
        : COUNT_STATISTICS,
      near === undefined ? undefined : near + text.slice(at),
    );
  }
  at += text.slice(at).search(/\S|$/);
  const operator = OPERATORS.find((sign) => text.startsWith(sign, at));
  if (operator === undefined) {
    const [written = ""] = /^(=<|=>|≤|≥|≠|=|<>)/.exec(text.slice(at)) ?? [];
    const meant = OTHER_OPERATORS[written];
    return issue(
      at + 1,
      "a comparison is expected",
      OPERATORS.join(", "),
      meant === undefined
        ? undefined
        : text.slice(0, at) + meant + text.slice(at + written.length),
    );
  }
  at += operator.length;
  at += text.slice(at).search(/\S|$/);
  const rest = text.slice(at).trim();
  const duration = name !== "count" && name !== "rate";
  const number = rest === "" ? NaN : Number(rest);
  const type = duration
    ? kit.duration()
    : name === "rate"
    ? kit.share()
    : kit.number();
  const read = validate(type, Number.isNaN(number) ? rest : number);
  const before = text.slice(0, at);
  const { suggestion } = read.issues?.[0] ?? {};
  if (duration && read.issues === undefined) {
    return { statistic, operator, bound: read.value };
  }
  if (!duration && Number.isFinite(number)) {
    return { statistic, operator, bound: number };
  }
  return issue(
    at + 1,
    duration ? "a duration is expected" : "a number is expected",
    duration ? "a duration such as 200ms" : "a number such as 0.01",
    suggestion === undefined ? undefined : before + suggestion,
  );
}
