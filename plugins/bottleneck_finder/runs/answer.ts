/**
 * Answer of an experiment: from estimates to routes in the order of their importance, with verdicts and sentences.
 *
 * @module
 */
import type {
  Estimate,
  FindAnswer,
  FoundBudget,
  FoundCliff,
  FoundRoute,
} from "../../../core/find.ts";
import { type BudgetRoute, solveBudget } from "../cliffs/budget.ts";
import type { Cliff } from "../cliffs/search.ts";
import {
  budgetSentence,
  cliffSentence,
  interactionSentence,
  routeSentence,
} from "../report/mod.ts";
import type { CliffSettings, Script } from "../script/script.ts";
import type {
  Analysis,
  Experiment,
  FactorEffect,
} from "../statistics/experiment.ts";
import { changeNotes, isMissing } from "./change_notes.ts";
import type { Factors, PlannedFactor } from "./factors.ts";
import type { RouteLevels } from "./load_journal.ts";
import type { Loads, MadeLoad } from "./loads.ts";
import { type Look, median } from "./look.ts";
import { pageNotes } from "./page_notes.ts";
import { isLate, verdictOn } from "./verdicts.ts";
import { waterfallOf } from "./waterfall.ts";
import { counted, updateNotes } from "./words.ts";

/** Figures of a route at its levels, from the journal. */
export type FoundLevel = Pick<
  RouteLevels,
  "at" | "difference" | "latenessGap" | "lost"
>;

/** Everything that was found. */
export interface AnswerSources {
  readonly script: Script;
  readonly figure: string;
  readonly look: Look;
  readonly found: Factors;
  readonly experiment: Pick<Experiment, "analyse" | "design">;
  readonly levels: ReadonlyMap<string, FoundLevel>;
  readonly baselines: readonly MadeLoad[];
  readonly givenUp: number;
  readonly cliffs: readonly {
    readonly settings: CliffSettings;
    readonly cliff: Cliff;
  }[];
  readonly loads: Pick<
    Loads,
    "answers" | "count" | "elapsed" | "failed" | "missed"
  >;
  /** Number of times that the configuration was changed during the experiment. */
  readonly updates: number;
  /** URL of the server; undefined if it does not listen. */
  readonly url: URL | undefined;
  /** Configured delay of a route, in ms. */
  readonly delayOf: (route: string) => number;
  readonly stopped: FindAnswer["stopped"];
}

/** Makes the answer. */
export function answerOf(sources: AnswerSources): FindAnswer {
  const { script, figure, look, found, experiment, loads } = sources;
  const { factors } = found;
  const analysis = experiment.analyse();
  const baseline = baselineOf(analysis, look);
  const largest = largestOf(sources, analysis, baseline);
  const routes = factors.map((factor, index) =>
    routeOf(factor, analysis.factors[index], {
      sources,
      baseline: baseline.value,
      largest: largest?.largest[index] ?? null,
    })
  );
  const cliffs = sources.cliffs.map((searched) => cliffOf(searched, sources));
  const name = (index: number) => factors[index].id;
  const words = { figure, confidence: script.confidence };
  const measured = {
    median: baseline.value,
    low: baseline.low,
    high: baseline.high,
  };
  return {
    figure,
    seed: script.seed,
    confidence: script.confidence,
    baseline: measured,
    routes: ranked(routes),
    interactions: analysis.interactions.map(({ pair, effect, direction }) => {
      const interaction = {
        routes: [name(pair[0]), name(pair[1])] as const,
        added: direction === "added",
        effect,
      };
      return {
        ...interaction,
        sentence: interactionSentence(interaction, words),
      };
    }),
    indistinguishable: analysis.indistinguishable.map((
      { factors, reason },
    ) => ({ routes: factors.map(name), reason })),
    budget: budgetOf(script, { ...words, baseline: measured, routes }),
    cliffs,
    loads: loads.count,
    failed: loads.failed,
    duration: loads.elapsed,
    design: experiment.design,
    stopped: sources.stopped,
    waterfall: waterfallOf(
      sources.baselines.length > 0 ? sources.baselines : look.loads,
      baseline.value,
    ),
    notes: notesOn(sources, analysis, largest?.notes ?? []),
  };
}

/** Median as configured. Where the plan ended before a load as configured, that of the loads before it, and their range. */
function baselineOf({ baseline }: Analysis, { loads }: Look): Estimate {
  if (Number.isFinite(baseline.value)) return baseline;
  const figures = loads.map(({ figure }) => figure);
  return {
    value: median(figures),
    low: Math.min(...figures),
    high: Math.max(...figures),
  };
}

/** Puts the routes with the largest slope first, and the processor, whose slope has another unit, last. */
function ranked(routes: readonly FoundRoute[]): FoundRoute[] {
  const place = ({ route, slope }: FoundRoute) =>
    route === "cpu" ? -Infinity : slope;
  return routes.toSorted((a, b) => place(b) - place(a) || 0);
}

function routeOf(
  factor: PlannedFactor,
  effect: FactorEffect,
  { sources: { script, figure, levels, loads }, baseline, largest }: {
    readonly sources: AnswerSources;
    readonly baseline: number;
    readonly largest: Estimate | null;
  },
): FoundRoute {
  const { id, added, taken, calls, responseTime } = factor;
  const level = levels.get(id);
  const measured = level?.difference(1, 0) ?? null;
  const shortened = level?.difference(-1, 0);
  const short = shortened === undefined ? null : Math.abs(shortened);
  const { slope, significant } = effect;
  // Where exchanges had less to take away than was asked, each ms that was taken is worth more.
  const less = short !== null && short >= taken / 2 ? taken / short : 1;
  const saved = taken === 0 || effect.saved === undefined ? null : {
    value: effect.saved.value * less,
    low: effect.saved.low * less,
    high: effect.saved.high * less,
  };
  const verdict = verdictOn({
    slope,
    added,
    significant,
    latenessGap: level?.latenessGap(1, 0) ?? null,
    isMissing: level !== undefined &&
      isMissing({ asked: added, level: 1 }, level),
  }, script.precision);
  const found: Omit<FoundRoute, "sentence"> = {
    route: id,
    slope: slope.value,
    low: slope.low,
    high: slope.high,
    // The slope of the processor has another unit, in which 1 has no meaning.
    verdict: factor.kind === "cpu" && verdict === "critical"
      ? "partly"
      : verdict,
    saved,
    share: saved === null || responseTime === null
      ? null
      : shareOf(saved, responseTime, baseline),
    p: effect.p,
    calls,
    responseTime,
    added: { asked: added, measured },
    taken: taken === 0 ? null : { asked: taken, measured: short },
    lateness: latenessOf(level),
    errors: factor.kind === "route" ? loads.answers.of(id) : null,
    largest,
  };
  const words = { figure, confidence: script.confidence };
  return { ...found, sentence: routeSentence(found, words, factor.kind) };
}

/** Share of the page's time that a route explains: that which would be saved if it answered at once. */
function shareOf(
  saved: Estimate,
  responseTime: number,
  baseline: number,
): Estimate {
  const share = (slope: number) =>
    Math.min(1, Math.max(0, slope * responseTime / baseline));
  return {
    value: share(saved.value),
    low: share(saved.low),
    high: share(saved.high),
  };
}

/** Mean lateness over all levels; null where it is not known. */
function latenessOf(level: FoundLevel | undefined): number | null {
  let count = 0;
  let sum = 0;
  for (const at of [-1, 0, 1]) {
    const figures = level?.at(at);
    if (figures === undefined || Number.isNaN(figures.lateness)) continue;
    count += figures.count;
    sum += figures.count * figures.lateness;
  }
  return count === 0 ? null : sum / count;
}

/** Largest response times that keep the budget; undefined without one. */
function largestOf(
  { script: { budget }, found: { factors }, cliffs, delayOf }: AnswerSources,
  { factors: effects }: Pick<Analysis, "factors">,
  baseline: Estimate,
) {
  if (budget === undefined) return undefined;
  const routes = factors.map((factor, index): BudgetRoute => {
    const { id, kind, added, taken, responseTime } = factor;
    const searched = cliffs.find(({ settings: { dial } }) =>
      dial.kind === "route" && dial.of === id && dial.dial === "delay"
    );
    return {
      route: id,
      responseTime: kind === "cpu" ? null : responseTime,
      slope: effects[index].slope,
      added,
      saved: taken === 0 ? null : effects[index].saved ?? null,
      taken,
      // A search that was ended before its first load says nothing.
      cliff: searched === undefined || searched.cliff.points.length === 0
        ? null
        : addedBy(searched.cliff, delayOf(id)),
    };
  });
  return solveBudget(budget, baseline, routes);
}

/** Result of a search along a delay as time that is added: the dial replaces the delay that the route has as configured. */
function addedBy(
  { breaksAt, points }: Pick<Cliff, "breaksAt" | "points">,
  delay: number,
): NonNullable<BudgetRoute["cliff"]> {
  return {
    breaksAt: breaksAt === null ? null : {
      value: breaksAt.value - delay,
      low: breaksAt.low - delay,
      high: breaksAt.high - delay,
    },
    to: Math.max(...points.map(({ level }) => level)) - delay,
  };
}

function budgetOf(
  { budget }: Script,
  context: Parameters<typeof budgetSentence>[1],
): FoundBudget | null {
  if (budget === undefined) return null;
  const kept = context.baseline.median <= budget;
  return {
    limit: budget,
    kept,
    sentence: budgetSentence({ limit: budget, kept }, context),
  };
}

function cliffOf(
  { settings, cliff }: AnswerSources["cliffs"][number],
  { script, figure }: AnswerSources,
): FoundCliff {
  const { dial: { kind, of, dial }, unit, from, to } = settings;
  const found = { of: `${kind} ${of}, ${dial}`, unit, ...cliff };
  return {
    ...found,
    sentence: cliffSentence(found, {
      figure,
      confidence: script.confidence,
      limit: script.budget ?? null,
      from,
      to,
    }),
  };
}

/** Sentences that a reader has to know. */
function notesOn(
  sources: AnswerSources,
  { factors }: Analysis,
  more: readonly string[],
): string[] {
  const { baselines, found, givenUp, levels, loads, look, stopped, script } =
    sources;
  const late = found.factors.filter(({ id, added }, index) =>
    isLate({
      slope: factors[index].slope,
      added,
      latenessGap: levels.get(id)?.latenessGap(1, 0) ?? null,
    }, script.precision)
  ).map(({ id }) => id);
  const { failed, missed } = loads;
  const failures = Object.values(failed).reduce((sum, n) => sum + n, 0);
  return [
    ...found.notes,
    ...updateNotes(sources.updates),
    ...loads.answers.notes(),
    ...found.factors.flatMap((factor) => changesOf(factor, levels)),
    ...pageNotes([...look.loads, ...baselines], sources.url),
    ...stopped === "precise" ? [] : [
      `The experiment ended ${
        stopped === "loads"
          ? `at the limit of ${script.loads} loads`
          : stopped === "duration"
          ? "at the limit of its duration"
          : "because it was interrupted"
      }: intervals may be wider than asked for`,
    ],
    ...failures === 0 ? [] : [
      `${counted(failures, "load")} gave no figure${
        givenUp === 0
          ? ` and ${failures === 1 ? "was" : "were"} repeated`
          : `; ${givenUp} of the plan never did, so that slow loads may be missing`
      }`,
    ],
    ...late.map((id) =>
      `perfmock's own answers on ${id} were later at one level than at the other by as much as the effect: its verdict is refused`
    ),
    ...missed === 0 ? [] : [
      `The journal was too small for ${
        counted(missed, "exchange")
      }: raise journal.capacity`,
    ],
    ...more,
  ];
}

/** Sentences on changes of a factor that were not made as asked for. */
function changesOf(
  { id: route, kind, added, taken }: PlannedFactor,
  levels: AnswerSources["levels"],
): string[] {
  const figures = levels.get(route);
  if (kind === "cpu" || figures === undefined) return [];
  return [
    ...changeNotes({ route, asked: added, level: 1 }, figures),
    ...taken === 0
      ? []
      : changeNotes({ route, asked: -taken, level: -1 }, figures),
  ];
}
