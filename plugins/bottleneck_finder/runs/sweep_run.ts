/**
 * One sweep: each route alone, other origin, and the processor at multiples of its time, in random order.
 *
 * @module
 */
import { inMilliseconds, inMinutes } from "../report/mod.ts";
import type { SweepAnswer } from "../../../core/find.ts";
import { sweptRoutes } from "../cliffs/knee.ts";
import type { Script } from "../script/script.ts";
import { invalidScript } from "../script/parse.ts";
import { factorsOf, type PlannedFactor } from "./factors.ts";
import { loadsOf, type RunTools, uniforms } from "./find_run.ts";
import { changeNotes } from "./change_notes.ts";
import { RouteLevels } from "./load_journal.ts";
import {
  AS_CONFIGURED,
  endedEarly,
  type LoadConditions,
  type Loads,
  type MadeLoad,
} from "./loads.ts";
import { look } from "./look.ts";
import { pageNotes } from "./page_notes.ts";
import { TurnedDials } from "./turned_dials.ts";
import { counted, updateNotes } from "./words.ts";

/** Point of a sweep: a route at a factor; undefined for the page as configured, which is the factor 1 of all routes. */
type Point = { readonly route: number; readonly factor: number } | undefined;

/** Runs the sweep of a script. Everything is put back when the promise settles. */
export async function runSweep(
  script: Script,
  tools: RunTools,
): Promise<SweepAnswer> {
  const { host, probe, holder } = tools;
  await using _probe = probe;
  using dials = new TurnedDials(host.dials, holder);
  let expected = script.loads;
  using loads = loadsOf(script, tools, dials, () => {
    const { attempts, elapsed } = loads;
    const remaining = Math.max(0, expected - attempts) * elapsed / attempts;
    tools.progress?.(
      { elapsed, loads: attempts, expected, remaining },
      `${attempts} of ${expected} loads, ${inMinutes(elapsed)}, about ${
        inMinutes(remaining)
      } left, ${probe.figure}`,
    );
  });
  await loads.begin();
  const seen = await look(loads);
  const { factors: all, notes } = factorsOf({
    script,
    look: seen,
    canShorten: () => false,
    delayOf: () => 0,
    url: host.url,
  });
  const routes = all.filter(({ kind, responseTime }) =>
    kind === "cpu" || responseTime !== null
  );
  const silent = all.filter(({ kind, responseTime }) =>
    kind === "route" && responseTime === null
  ).map(({ id }) => id);
  const points: Point[] = [
    undefined,
    ...routes.flatMap((_, route) =>
      script.factors.map((_, factor) => ({ route, factor }))
        .filter(({ factor }) => script.factors[factor] !== 1)
    ),
  ];
  const least = loads.attempts + points.length;
  if (least > script.loads) {
    throw invalidScript([{
      path: "/loads",
      message: `A sweep of ${
        counted(routes.length, "route")
      } needs at least ${least} loads`,
      value: script.loads,
      allowed: `at least ${least}`,
      suggestion: `Set loads: ${
        loads.attempts + points.length * script.repeats
      } for ${script.repeats} loads of each point`,
    }]);
  }
  expected = Math.min(
    script.loads,
    loads.attempts + points.length * script.repeats,
  );
  tools.planned?.(
    `${counted(routes.length, "route")}; ${probe.figure} about ${
      inMilliseconds(seen.loads[seen.loads.length - 1].figure)
    }. Sweep: ${expected - loads.attempts} loads in about ${
      inMinutes((expected - loads.attempts) * seen.loadTime)
    } (at most ${script.loads} loads, ${inMinutes(script.duration)})`,
  );
  const next = await uniforms(host, script.seed);
  const figures = await measure(points, { script, routes, loads, next });
  if (loads.count === seen.loads.length + 1) throw endedEarly(loads);
  const complete = figures.rounds === script.repeats;
  return {
    figure: probe.figure,
    seed: script.seed,
    confidence: script.confidence,
    factors: script.factors,
    routes: sweptRoutes(
      routes.map(({ id, responseTime }, route) => ({
        route: id,
        responseTime,
        errors: loads.answers.of(id),
        figures: script.factors.map((factor, index) =>
          factor === 1
            ? figures.baseline
            : figures.byPoint.get(`${route}/${index}`) ?? []
        ),
      })),
      {
        factors: script.factors,
        budget: script.budget ?? null,
        confidence: script.confidence,
        next,
      },
    ),
    budget: script.budget ?? null,
    loads: loads.count,
    failed: loads.failed,
    duration: loads.elapsed,
    stopped: complete ? "complete" : loads.stopped ?? "loads",
    notes: [
      ...notes,
      ...silent.length === 0 ? [] : [
        `${
          silent.join(", ")
        } answered nothing, so that there is no response time to multiply: left out`,
      ],
      ...updateNotes(tools.updates()),
      ...loads.answers.notes(),
      ...routes.flatMap((route, index) =>
        changesOf(route, script.factors, figures.levels[index])
      ),
      ...pageNotes(seen.loads, host.url),
      "A factor adds time to each response: a response time of 40 ms at ×4 has 120 ms added, and keeps its own variation",
      ...routes.some(({ kind }) => kind === "origin")
        ? [
          "Requests to other origins take at least the multiple of their median time",
        ]
        : [],
      ...complete ? [] : [
        `Only ${figures.rounds} of ${script.repeats} rounds were complete`,
      ],
    ],
  };
}

/** Figures of a sweep. */
interface Swept {
  readonly baseline: readonly number[];
  /** Figures by the route's and the factor's index. */
  readonly byPoint: ReadonlyMap<string, number[]>;
  /** Figures of the journal of each route, whose levels are indexes of factors. */
  readonly levels: readonly RouteLevels[];
  /** Number of complete rounds. */
  readonly rounds: number;
}

/** Sentences on the largest factor at which a route's time was not changed as asked for; none where it always was. */
function changesOf(
  { id: route, responseTime }: PlannedFactor,
  factors: readonly number[],
  levels: RouteLevels,
): string[] {
  for (let level = factors.length - 1; level > 0; level--) {
    const asked = (factors[level] - 1) * (responseTime ?? 0);
    const found = changeNotes({ route, asked, level }, levels);
    if (found.length > 0) return found;
  }
  return [];
}

/** Makes the rounds: each has every point once, in random order, so that a drift of the machine hits all alike. */
async function measure(
  points: readonly Point[],
  { script, routes, loads, next }: {
    readonly script: Script;
    readonly routes: readonly PlannedFactor[];
    readonly loads: Loads;
    readonly next: () => number;
  },
): Promise<Swept> {
  const baseline: number[] = [];
  const byPoint = new Map<string, number[]>();
  const levels = routes.map(() => new RouteLevels());
  let rounds = 0;
  while (rounds < script.repeats && loads.stopped === undefined) {
    let made = 0;
    for (const point of shuffled(points, next)) {
      if (loads.stopped !== undefined) break;
      made++;
      const load = await loads.repeated(
        point === undefined ? AS_CONFIGURED : conditionsAt(point),
      );
      if (load === undefined) continue;
      note(point, load);
      if (point === undefined) baseline.push(load.figure);
      else {
        const key = `${point.route}/${point.factor}`;
        byPoint.set(key, [...byPoint.get(key) ?? [], load.figure]);
      }
    }
    if (made === points.length) rounds++;
  }
  return { baseline, byPoint, levels, rounds };

  /** A load as configured is at level 0 of all routes; any other tells of its own route alone. */
  function note(point: Point, { entries }: MadeLoad): void {
    for (const [route, { id }] of routes.entries()) {
      if (point !== undefined && point.route !== route) continue;
      for (const entry of entries) {
        if (entry.route === id) levels[route].add(point?.factor ?? 0, entry);
      }
    }
  }

  function conditionsAt(
    { route, factor: index }: NonNullable<Point>,
  ): LoadConditions {
    const { id, kind, responseTime } = routes[route];
    const factor = script.factors[index];
    const time = responseTime ?? 0;
    if (kind === "cpu") return { ...AS_CONFIGURED, cpu: factor };
    return kind === "origin"
      ? { ...AS_CONFIGURED, floors: new Map([[id, factor * time]]) }
      : { ...AS_CONFIGURED, shifts: new Map([[id, (factor - 1) * time]]) };
  }
}

/** Copy in random order (Fisher and Yates). */
function shuffled<T>(list: readonly T[], next: () => number): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const other = Math.floor(next() * (i + 1));
    [copy[i], copy[other]] = [copy[other], copy[i]];
  }
  return copy;
}
