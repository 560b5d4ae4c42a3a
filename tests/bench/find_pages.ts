/**
 * Page loads that it takes until the ranking of a page's routes is certain, in Chromium, on pages whose truth is known: by the design of
 * `perfmock find`, and by changing one route at a time. The critical path of single traces is compared with the truth, too.
 *
 * @module
 */
import { definePlugin, type Host } from "../../core/plugin.ts";
import { createPerfmock } from "../../mod.ts";
import { pageProbe } from "../../plugins/bottleneck_finder/probes/page.ts";
import {
  conditionsOf,
  type Level,
  type PlannedFactor,
} from "../../plugins/bottleneck_finder/runs/factors.ts";
import {
  AS_CONFIGURED,
  Loads,
  type MadeLoad,
} from "../../plugins/bottleneck_finder/runs/loads.ts";
import { TurnedDials } from "../../plugins/bottleneck_finder/runs/turned_dials.ts";
import { Experiment } from "../../plugins/bottleneck_finder/statistics/experiment.ts";
import {
  SAMPLE_PAGES,
  type SamplePage,
  STEP,
} from "../real/pages_for_find/mod.ts";
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { criticalPath, isRanked, isSeparated, OneAtATime } from "./rankings.ts";

/** Loads after which a method is given up. */
const MOST = 200;

/** Traces whose critical paths are compared with the truth. */
const TRACES = 5;

/** Column of the loads that `find` needs. */
const FIND = "find loads";

/** Column of the loads that one route at a time needs. */
const ALONE = "one at a time loads";

/** Column of the share of traces whose critical path ranks the routes right. */
const TRACE = "trace right %";

/** The benchmark. */
export const findPages: Benchmark = {
  name: "find_pages",
  measures:
    "page loads in Chromium until the ranking of a page's routes is certain at 95 %, by find and by one route at a time; share of single traces whose critical path ranks them right",
  run: async (context) => {
    const pages = SAMPLE_PAGES.filter(({ cpu }) => cpu === undefined);
    const rows: Row[] = [];
    for (const page of context.quick ? pages.slice(0, 1) : pages) {
      rows.push(await measure(page, context));
    }
    const sum = (column: string) =>
      rows.reduce((sum, { values }) => sum + Number(values[column]), 0);
    const total: Row = {
      what: "all pages",
      values: {
        [FIND]: sum(FIND),
        [ALONE]: sum(ALONE),
        [TRACE]: sum(TRACE) / rows.length,
      },
      targets: [{ column: FIND, atMost: sum(ALONE) }],
    };
    return [...rows, total];
  },
};

/** Measures one page by all methods. */
async function measure(
  page: SamplePage,
  { quick, note }: Context,
): Promise<Row> {
  const hosts: Host[] = [];
  await using server = await createPerfmock({ routes: page.routes }, {
    plugins: [definePlugin({
      name: "bench_find",
      version: "1.0.0",
      setup(host) {
        hosts.push(host);
        return {};
      },
    })],
  });
  const [{ clock, dials, inFlight, journal, metrics }] = hosts;
  const { figure } = page;
  await using probe = pageProbe({
    url: server.url.href,
    figure,
    quiet: 200,
  }, { clock });
  await probe.start();
  using turned = new TurnedDials(dials, "the benchmark");
  using loads = new Loads({
    clock,
    inFlight,
    journal,
    metrics,
    probe,
    dials: turned,
    signal: new AbortController().signal,
    limit: Infinity,
    duration: 3_600_000,
    made: () => {},
  });
  await loads.repeated(AS_CONFIGURED);
  const factors = Object.keys(page.truth).map((id): PlannedFactor => ({
    kind: "route",
    id,
    added: STEP,
    // Loads that take time away say nothing about the ranking by added time.
    taken: 0,
    calls: 1,
    responseTime: page.times[id],
  }));
  const load = (levels: readonly Level[]) =>
    loads.repeated(conditionsOf(factors, levels));
  const truth = factors.map(({ id }) => page.truth[id].slope);
  const most = quick ? 20 : MOST;
  const random = seeded(page.name);
  const found = await byFind(factors, load, truth, { most, random });
  const alone = await byOneAtATime(factors, load, truth, { most, random });
  for (
    const [name, { count, certain }] of Object.entries({
      find: found,
      "one route at a time": alone,
    })
  ) {
    if (!certain) {
      note(`${page.name}: ${name} was not certain after ${count} loads`);
    }
  }
  const traces: MadeLoad[] = [];
  while (traces.length < (quick ? 1 : TRACES)) {
    const made = await loads.repeated(AS_CONFIGURED);
    if (made !== undefined) traces.push(made);
  }
  const right = traces.filter((trace) => {
    const path = criticalPath(trace, page.routes);
    return isRanked(factors.map(({ id }) => path.get(id) ?? 0), truth);
  });
  return {
    what: page.name,
    values: {
      routes: factors.length,
      [FIND]: found.count,
      [ALONE]: alone.count,
      [TRACE]: 100 * right.length / traces.length,
    },
  };
}

/** Makes a load. */
type Load = (levels: readonly Level[]) => Promise<MadeLoad | undefined>;

/** Limits and chance of a method. */
interface Limits {
  readonly most: number;
  readonly random: () => number;
}

/** Number of loads, and true if the ranking was certain then. */
interface Needed {
  readonly count: number;
  readonly certain: boolean;
}

/** Loads that the design of `find` needs. The ranking is looked at after each block. */
async function byFind(
  factors: readonly PlannedFactor[],
  load: Load,
  truth: readonly number[],
  { most, random }: Limits,
): Promise<Needed> {
  const experiment = new Experiment(factors, {
    loads: most,
    precision: 0.01,
    confidence: 0.95,
    next: random,
  });
  let count = 0;
  for (;;) {
    const block = experiment.nextBlock();
    if (block.length === 0) return { count, certain: false };
    for (const planned of block) {
      const made = await load(planned.levels);
      count++;
      if (made !== undefined) {
        experiment.add([{ ...planned, figure: made.figure }]);
      }
    }
    const { factors: effects } = experiment.analyse();
    if (isSeparated(effects.map(({ slope }) => slope), truth)) {
      return { count, certain: true };
    }
  }
}

/** Loads that one route at a time needs, in rounds: as configured, and with each route changed, in random order. */
async function byOneAtATime(
  factors: readonly PlannedFactor[],
  load: Load,
  truth: readonly number[],
  { most, random }: Limits,
): Promise<Needed> {
  const rounds = new OneAtATime(factors.length, STEP);
  let count = 0;
  while (count < most) {
    for (const at of rounds.order(random)) {
      const made = await load(
        factors.map((_, index): Level => index === at ? 1 : 0),
      );
      count++;
      if (made !== undefined) rounds.add(at, made.figure);
    }
    if (isSeparated(rounds.slopes(), truth)) return { count, certain: true };
  }
  return { count, certain: false };
}

/** Uniform numbers that are the same for the same text (mulberry32). */
function seeded(text: string): () => number {
  let state = 0;
  for (const character of text) {
    state = Math.imul(state, 31) + (character.codePointAt(0) ?? 0) | 0;
  }
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return (((mixed ^ mixed >>> 14) >>> 0) + 0.5) / 2 ** 32;
  };
}
