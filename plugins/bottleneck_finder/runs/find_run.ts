/**
 * One experiment: it looks at the page, plans, makes the loads of the plan, searches for cliffs, and answers.
 *
 * @module
 */
import { inMilliseconds, inMinutes } from "../report/mod.ts";
import type { FindAnswer, FindProgress } from "../../../core/find.ts";
import type { Host } from "../../../core/plugin.ts";
import { CliffSearch } from "../cliffs/search.ts";
import type { Probe } from "../probes/probe.ts";
import { invalidScript } from "../script/parse.ts";
import type { CliffSettings, Script } from "../script/script.ts";
import {
  Experiment,
  type Observation,
  type PlannedLoad,
} from "../statistics/experiment.ts";
import { answerOf, type FoundLevel } from "./answer.ts";
import { conditionsOf, type Factors, factorsOf } from "./factors.ts";
import { RouteLevels } from "./load_journal.ts";
import { AS_CONFIGURED, endedEarly, Loads, type MadeLoad } from "./loads.ts";
import { deviationOf, type Look, look, median } from "./look.ts";
import { TurnedDials } from "./turned_dials.ts";
import { counted } from "./words.ts";

/** Parts of the server, and of the caller, that an experiment needs. */
export interface RunTools {
  readonly host: Pick<
    Host,
    "clock" | "dials" | "inFlight" | "journal" | "metrics" | "stream" | "url"
  >;
  /** Returns the number of times that the configuration was changed since the experiment began. */
  readonly updates: () => number;
  /** Probe, not started yet. The experiment disposes it. */
  readonly probe: Probe;
  /** Name of the experiment, for the error of somebody else who wants a dial. */
  readonly holder: string;
  /** Ends the experiment; what was measured is reported. */
  readonly signal: AbortSignal;
  /** Receives the plan, once. */
  readonly planned?: ((line: string) => void) | undefined;
  /** Receives the progress after each load. */
  readonly progress?:
    | ((progress: FindProgress, line: string) => void)
    | undefined;
}

/** Runs the experiment of a script. Everything is put back when the promise settles. */
export async function runFind(
  script: Script,
  tools: RunTools,
): Promise<FindAnswer> {
  const { host, probe, holder } = tools;
  await using _probe = probe;
  using dials = new TurnedDials(host.dials, holder);
  const progress = new Progress(script, tools);
  using loads = loadsOf(script, tools, dials, () => progress.made(loads));
  await loads.begin();
  const seen = await look(loads);
  const found = factorsOf({
    script,
    look: seen,
    canShorten: (route) =>
      dials.has({ kind: "route", of: route, dial: "speedup" }),
    delayOf: (route) => dials.delayOf(route),
    url: host.url,
  });
  const next = await uniforms(host, script.seed);
  const reserved = script.cliffs.reduce((sum, { loads }) => sum + loads, 0);
  const experiment = new Experiment(found.factors, {
    loads: Math.max(0, loads.left - reserved),
    precision: script.precision,
    confidence: script.confidence,
    next,
  });
  const least = experiment.least + loads.attempts + reserved;
  if (least > script.loads) {
    throw tooFewLoads(script, least, found.factors.length);
  }
  progress.plan(seen, found, experiment, { loads, reserved });
  const measured = await measure(experiment, found, loads, {
    reserved,
    evaluated: (baselines) => progress.expect(experiment, baselines, reserved),
  });
  const searches: [CliffSettings, CliffSearch][] = [];
  for (const settings of script.cliffs) {
    const search = await searchCliff(settings, { script, loads, dials, next });
    searches.push([settings, search]);
  }
  return answerOf({
    script,
    figure: probe.figure,
    look: seen,
    found,
    experiment,
    ...measured,
    cliffs: searches.map(([settings, search]) => ({
      settings,
      cliff: search.answer(),
    })),
    loads,
    url: host.url,
    updates: tools.updates(),
    delayOf: (route) => dials.delayOf(route),
    stopped: loads.stopped === "loads" || loads.stopped === undefined
      ? experiment.stopped ?? "loads"
      : loads.stopped,
  });
}

/** Makes the loads of an experiment. */
export function loadsOf(
  script: Script,
  { host, probe, signal }: RunTools,
  dials: TurnedDials,
  made: () => void,
): Loads {
  const { clock, inFlight, journal, metrics } = host;
  return new Loads({
    clock,
    inFlight,
    journal,
    metrics,
    probe,
    dials,
    signal,
    limit: script.loads,
    duration: script.duration,
    made,
  });
}

/** Number of draws at each position of a stream. */
const DRAWS = 4096;

/** Returns a function of independent uniform numbers, which are the same for the same seed. */
export async function uniforms(
  host: Pick<Host, "stream">,
  seed: number | string,
): Promise<() => number> {
  const stream = await host.stream(seed, "bottleneck_finder");
  let count = 0;
  return () => {
    const at = count++;
    return stream.uniform(Math.floor(at / DRAWS), at % DRAWS);
  };
}

function tooFewLoads(
  { loads, cliffs }: Script,
  least: number,
  factors: number,
) {
  return invalidScript([{
    path: "/loads",
    message: `The plan for ${counted(factors, "route")}${
      cliffs.length === 0 ? "" : ` and ${counted(cliffs.length, "cliff")}`
    } needs at least ${least} loads`,
    value: loads,
    allowed: `at least ${least}`,
    suggestion: `Set loads: ${least}, or list fewer routes`,
  }]);
}

/** Results of the loads of a plan. */
interface Measured {
  readonly levels: ReadonlyMap<string, FoundLevel>;
  readonly baselines: readonly MadeLoad[];
  /** Number of planned loads that never gave a figure. */
  readonly givenUp: number;
}

/** Makes the loads of the plan, block by block. */
async function measure(
  experiment: Experiment,
  { factors }: Factors,
  loads: Loads,
  { reserved, evaluated }: {
    /** Number of loads that are kept for cliffs. */
    readonly reserved: number;
    /** Called after each block with the loads as configured so far. */
    readonly evaluated: (baselines: readonly MadeLoad[]) => void;
  },
): Promise<Measured> {
  const levels = new Map<string, RouteLevels>(
    factors.map(({ id }) => [id, new RouteLevels()]),
  );
  const baselines: MadeLoad[] = [];
  let observed = 0;
  let givenUp = 0;
  const mayGoOn = () => loads.stopped === undefined && loads.left > reserved;
  while (mayGoOn()) {
    const block = experiment.nextBlock();
    if (block.length === 0) break;
    const observations: Observation[] = [];
    for (const planned of block) {
      if (!mayGoOn()) break;
      const load = await loads.repeated(conditionsOf(factors, planned.levels));
      if (load === undefined) {
        givenUp++;
        continue;
      }
      observations.push({ ...planned, figure: load.figure });
      note(planned, load);
    }
    experiment.add(observations);
    observed += observations.length;
    evaluated(baselines);
  }
  if (observed === 0) throw endedEarly(loads);
  return { levels, baselines, givenUp };

  function note(planned: PlannedLoad, load: MadeLoad): void {
    if (planned.levels.every((level) => level === 0)) baselines.push(load);
    for (const [index, { id, kind }] of factors.entries()) {
      const level = planned.levels[index];
      const sums = levels.get(id);
      if (kind === "route") {
        for (const entry of load.entries) {
          if (entry.route === id) sums?.add(level, entry);
        }
      } else if (kind === "origin") {
        for (const time of timesOf(id, load)) sums?.addTime(level, time);
      }
    }
  }
}

/** Times of the requests of a load that fit a pattern, in ms. */
function timesOf(pattern: string, { requests }: MadeLoad): number[] {
  const fits = new URLPattern(pattern);
  return requests.filter(({ url }) => fits.test(url))
    .map(({ startMs, endMs }) => endMs - startMs);
}

/** Searches along one dial. */
async function searchCliff(
  { dial, from, to, whole, unit, loads: most }: CliffSettings,
  { script: { budget, confidence }, loads, dials, next }: {
    readonly script: Script;
    readonly loads: Loads;
    readonly dials: TurnedDials;
    readonly next: () => number;
  },
): Promise<CliffSearch> {
  const search = new CliffSearch({
    from,
    to,
    whole,
    reciprocal: unit === "B/s",
    limit: budget,
    loads: most,
    confidence,
    next,
  });
  for (
    let level = search.nextLevel();
    level !== undefined;
    level = search.nextLevel()
  ) {
    const load = await loads.once({
      ...AS_CONFIGURED,
      turned: { dial, value: level },
    });
    if (load === undefined) break;
    search.add(
      level,
      "failure" in load
        ? { figure: undefined, ok: false }
        : { figure: load.figure, ok: true },
    );
  }
  dials.turn(dial, undefined);
  return search;
}

/** Share of a route's added time by which a load of the plan is longer than one as configured, for an estimate. */
const ADDED_SHARE = 0.25;

/** Progress of an experiment, in numbers and as lines. */
class Progress {
  readonly #script: Script;
  readonly #tools: RunTools;
  #expected: number;
  #loadTime = 0;
  /** Number of loads before the plan. */
  #looked = 0;
  /** Time at which the plan began, in ms since the start. */
  #begun = 0;

  constructor(script: Script, tools: RunTools) {
    this.#script = script;
    this.#tools = tools;
    this.#expected = script.loads;
  }

  /** The plan is made: says how long it will take. */
  plan(
    { deviation, loadTime, loads: looked }: Look,
    { factors }: Factors,
    experiment: Experiment,
    { loads, reserved }: { readonly loads: Loads; readonly reserved: number },
  ): void {
    const { loads: most, duration } = this.#script;
    // Half of the loads add to a route, and a part of these routes is on the critical path.
    const added = factors.map(({ kind, added }) => kind === "cpu" ? 0 : added);
    this.#loadTime = loadTime + ADDED_SHARE * Math.max(...added);
    this.#looked = loads.attempts;
    this.#begun = loads.elapsed;
    const planned = Math.ceil(experiment.expected(deviation)) + reserved;
    this.#expected = Math.min(most, loads.attempts + planned);
    const left = (this.#expected - loads.attempts) * this.#loadTime;
    this.#tools.planned?.(
      `${
        counted(factors.length, "route")
      } called; ${this.#tools.probe.figure} about ${
        inMilliseconds(median(looked.map(({ figure }) => figure)))
      }. Plan: about ${this.#expected - loads.attempts} loads in ${
        inMinutes(Math.min(left, duration))
      } (at most ${most} loads, ${inMinutes(duration)})`,
    );
  }

  /** A block was evaluated: its loads as configured show how much the figure varies. */
  expect(
    experiment: Experiment,
    baselines: readonly MadeLoad[],
    reserved: number,
  ): void {
    if (baselines.length === 0) return;
    const deviation = deviationOf(baselines.map(({ figure }) => figure));
    this.#expected = Math.min(
      this.#script.loads,
      this.#looked + Math.ceil(experiment.expected(deviation)) + reserved,
    );
  }

  /** A load was made. */
  made(loads: Loads): void {
    const { progress, probe } = this.#tools;
    if (progress === undefined) return;
    const { attempts, elapsed } = loads;
    const expected = Math.max(this.#expected, attempts);
    const since = attempts - this.#looked;
    const each = since > 0
      ? (elapsed - this.#begun) / since
      : this.#loadTime || elapsed / attempts;
    const remaining = (expected - attempts) * each;
    const failed = attempts - loads.count;
    progress(
      { elapsed, loads: attempts, expected, remaining },
      `${attempts} of about ${expected} loads${
        failed === 0 ? "" : ` (${failed} without a figure)`
      }, ${inMinutes(elapsed)}, about ${
        inMinutes(remaining)
      } left, ${probe.figure}`,
    );
  }
}
