/**
 * Thresholds: `browse.responseTime: ["p(95)<200ms"]`.
 *
 * @module
 */
import {
  type Issue,
  type Kit,
  toPointer,
  validate,
} from "../../../core/plugin.ts";
import type {
  Figure,
  Statistic,
  Threshold,
  ThresholdMetric,
} from "./script.ts";

/** Figures that are times. */
const TIMES = ["responseTime", "serviceTime", "firstByte", "startLag"];

/** Figures that are counts. */
const COUNTS = [
  "scheduled",
  "started",
  "dropped",
  "completed",
  "failed",
  "checks",
];

const FIGURES = [...TIMES, ...COUNTS];

/** What a threshold can look at. */
export interface Parts {
  /** The named parts, groups and requests, of each scenario that sends requests; undefined where they are not known. */
  readonly scenarios: ReadonlyMap<string, ReadonlySet<string> | undefined>;
  /** What durations are read with. */
  readonly kit: Kit;
  /** See Host.suggest. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}

/** A threshold as its author may write it out. */
interface Written {
  readonly expression: string;
  readonly abortOnFail: boolean;
  readonly after: number;
}

/** Reads all of a script's thresholds, each for itself, so that no fault hides another. */
export function readThresholds(
  written: unknown,
  parts: Parts,
): { readonly thresholds: Threshold[]; readonly faults: Issue[] } {
  const { z } = parts.kit;
  const thresholds: Threshold[] = [];
  const faults: Issue[] = [];
  const lists = validate(
    z.record(z.string(), z.array(z.unknown()).min(1)),
    written ?? {},
    "/thresholds",
  );
  if (lists.issues !== undefined) {
    return { thresholds, faults: [...lists.issues] };
  }
  const type = boundType(parts.kit);
  for (const [text, bounds] of Object.entries(lists.value)) {
    const path = `/thresholds${toPointer([text])}`;
    const metric = readMetric(text, path, parts);
    if ("message" in metric) faults.push(metric);
    bounds.forEach((bound, index) => {
      const at = `${path}/${index}`;
      const read = validate(
        type,
        typeof bound === "string" ? { expression: bound } : bound,
        at,
      );
      if (read.issues !== undefined) {
        faults.push(...read.issues);
        return;
      }
      const figure = "message" in metric ? undefined : metric.figure;
      const options = read.value as Written;
      const expression = readExpression(options.expression, figure, parts.kit);
      if ("fault" in expression) {
        const place = typeof bound === "string" ? at : `${at}/expression`;
        faults.push({ path: place, ...expression.fault });
      } else if (!("message" in metric)) {
        thresholds.push({ metric, ...options, ...expression });
      }
    });
  }
  return { thresholds, faults };
}

function boundType(kit: Kit) {
  return kit.z.strictObject({
    expression: kit.z.string(),
    abortOnFail: kit.z.boolean().default(false),
    after: kit.duration().default(0),
  }).meta({
    description:
      'a text such as "p(95)<200ms", or { expression, abortOnFail, after }',
  });
}

/** `figure`, `scenario.figure` or `scenario.part.figure`. */
function readMetric(
  text: string,
  path: string,
  { scenarios, suggest }: Parts,
): ThresholdMetric | Issue {
  const words = text.split(".");
  const figure = words[words.length - 1];
  const [scenario, part] = words.slice(0, -1);
  const fault = (
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
    return fault("A threshold looks at scenario.part.figure", figure, FIGURES);
  }
  if (!FIGURES.includes(figure)) {
    return fault(
      `There is no figure ${JSON.stringify(figure)}`,
      figure,
      FIGURES,
    );
  }
  if (scenario !== undefined && !scenarios.has(scenario)) {
    const names = [...scenarios.keys()];
    const message = `There is no scenario ${
      JSON.stringify(scenario)
    } that sends requests`;
    return fault(message, scenario, names);
  }
  const known = scenarios.get(scenario);
  if (part !== undefined && known !== undefined && !known.has(part)) {
    const message = `Scenario "${scenario}" has no group or named request ${
      JSON.stringify(part)
    }`;
    return fault(message, part, [...known]);
  }
  return { text, scenario, part, figure: figure as Figure };
}

type Comparison = Pick<Threshold, "statistic" | "operator" | "bound">;

/** What is wrong with an expression. */
interface Fault {
  readonly fault: Omit<Issue, "path">;
}

const TIME_STATISTICS = "p(0)…p(100), avg, min, med, max, count";
const COUNT_STATISTICS = "count, rate";
const OPERATORS = ["<=", ">=", "==", "!=", "<", ">"] as const;

/** Reads `p(95)<200ms`; a fault says at which column. */
function readExpression(
  text: string,
  figure: Figure | undefined,
  kit: Kit,
): Comparison | Fault {
  const fault = (column: number, found: string, allowed: string): Fault => ({
    fault: {
      message: `Cannot read the threshold at column ${column}: ${found}`,
      value: text,
      allowed,
    },
  });
  let at = text.search(/\S|$/);
  const name = /^[a-z]*/i.exec(text.slice(at))?.[0] ?? "";
  const start = at;
  const timed = figure === undefined || TIMES.includes(figure);
  const counted = figure === undefined || COUNTS.includes(figure);
  let statistic: Statistic;
  at += name.length;
  if (name === "p" && timed) {
    const number = /^\(\s*(\d+(?:\.\d+)?)\s*\)/.exec(text.slice(at));
    if (number === null || Number(number[1]) > 100) {
      return fault(at + 1, "p takes a percentage", "p(0)…p(100)");
    }
    statistic = { kind: "quantile", p: Number(`${number[1]}e-2`) };
    at += number[0].length;
  } else if (
    timed && ["avg", "min", "max", "med"].includes(name) ||
    counted && name === "rate" || name === "count"
  ) {
    statistic = { kind: name as "avg" };
  } else {
    return fault(
      start + 1,
      name === ""
        ? "a statistic is expected"
        : `${JSON.stringify(name)} is no statistic of this figure`,
      timed ? TIME_STATISTICS : COUNT_STATISTICS,
    );
  }
  at += text.slice(at).search(/\S|$/);
  const operator = OPERATORS.find((sign) => text.startsWith(sign, at));
  if (operator === undefined) {
    return fault(at + 1, "a comparison is expected", OPERATORS.join(", "));
  }
  at += operator.length;
  at += text.slice(at).search(/\S|$/);
  const rest = text.slice(at).trim();
  const duration = name !== "count" && name !== "rate";
  const number = rest === "" ? NaN : Number(rest);
  const { data } = kit.duration().safeParse(
    Number.isNaN(number) ? rest : number,
  );
  if (duration && data !== undefined) {
    return { statistic, operator, bound: data as number };
  }
  if (!duration && Number.isFinite(number)) {
    return { statistic, operator, bound: number };
  }
  return duration
    ? fault(at + 1, "a duration is expected", "a duration such as 200ms")
    : fault(at + 1, "a number is expected", "a number such as 0.01");
}
