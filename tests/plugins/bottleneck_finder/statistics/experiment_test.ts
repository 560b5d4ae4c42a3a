import { deepEqual, equal, ok } from "node:assert/strict";
import {
  Experiment,
  type Factor,
} from "../../../../plugins/bottleneck_finder/statistics/experiment.ts";
import {
  carryOut,
  connectionsPage,
  graphPage,
  indifferentPage,
  type Noise,
  NOISES,
  PAGES,
  slowedPage,
  type SyntheticPage,
  trueSavings,
  trueSlopes,
  uniforms,
} from "../../../support/synthetic_pages.ts";

/** Noise by which figures are exact but for a little. */
const QUIET: Noise = (figure, _, next) => figure + next();

function experimentOf(factors: readonly Factor[], loads = 1000): Experiment {
  return new Experiment(factors, {
    loads,
    precision: 0.1,
    confidence: 0.95,
    next: uniforms(1),
  });
}

function pageNamed(part: string): SyntheticPage {
  const page = PAGES.find(({ name }) => name.includes(part));
  ok(page !== undefined);
  return page;
}

for (const page of [...PAGES, indifferentPage(1), indifferentPage(19)]) {
  Deno.test(`Experiment, ${page.name}, ${page.factors.length} factors: with little noise each slope and saving is exact`, () => {
    const slopes = trueSlopes(page);
    const savings = trueSavings(page);
    const { analysis, experiment, loads } = carryOut(page, QUIET, 1);
    equal(experiment.stopped, "precise");
    ok(loads >= experiment.least);
    for (const [at, { slope, saved }] of analysis.factors.entries()) {
      const name = `${page.factors[at].id}: ${
        JSON.stringify({ slope, saved })
      }`;
      ok(Math.abs(slope.value - slopes[at]) < 0.02, name);
      ok(slope.low <= slope.value && slope.value <= slope.high, name);
      const saving = savings[at];
      equal(saved === undefined, saving === undefined);
      if (saved === undefined || saving === undefined) continue;
      ok(Math.abs(saved.value - saving) < 0.06, `${name}, true ${saving}`);
    }
  });
}

Deno.test("Experiment: a page without noise has exact slopes, and nothing else is significant", () => {
  const page = pageNamed("retry");
  const { analysis } = carryOut(page, (figure) => figure, 1);
  for (const [at, slope] of trueSlopes(page).entries()) {
    ok(Math.abs(analysis.factors[at].slope.value - slope) < 1e-6);
    equal(analysis.factors[at].significant, slope > 0);
  }
});

Deno.test("Experiment: the same random numbers and figures give the same plan and answer", () => {
  const page = pageNamed("retry");
  const plan = (seed: number) => {
    const { analysis, loads } = carryOut(page, NOISES.outliers, seed);
    return JSON.stringify({ analysis, loads });
  };
  equal(plan(7), plan(7));
  ok(plan(7) !== plan(8));
});

Deno.test("Experiment: the first blocks change each factor alone, equally often, beside loads as configured", () => {
  const page = pageNamed("chain");
  const experiment = experimentOf(page.factors);
  for (let number = 0; number < 3; number++) {
    const block = experiment.nextBlock();
    equal(block.length, 15);
    ok(block.every((load) => load.block === number));
    const changed = block.map(({ levels }) => levels.filter((l) => l !== 0));
    deepEqual(
      changed.map((on) => on.length).sort().join(""),
      "000" + "1".repeat(12),
    );
    for (const at of page.factors.keys()) {
      const levels = block.map(({ levels }) => levels[at]);
      deepEqual(levels.filter((level) => level !== 0).sort(), [-1, 1]);
    }
    experiment.add(block.map((load) => ({ ...load, figure: 500 })));
  }
});

Deno.test("Experiment: more than twelve factors begin in groups of neighbours, and each block has levels in one direction a load", () => {
  const page = pageNamed("thirty");
  const experiment = experimentOf(page.factors);
  const block = experiment.nextBlock();
  const groups = block.map(({ levels }) =>
    [...levels.keys()].filter((at) => levels[at] !== 0)
  ).filter((group) => group.length > 0);
  equal(block.length, 20);
  ok(
    groups.every((group) =>
      group.length === 3 && group[2] === group[0] + 2 && group[0] % 3 === 0
    ),
  );
  for (const { levels } of block) {
    ok(new Set(levels.filter((level) => level !== 0)).size < 2);
  }
});

Deno.test("Experiment: no more loads are planned than allowed, and the answer says so", () => {
  const page = pageNamed("shop");
  for (const allowed of [1, 3, 25, 61, 120]) {
    const { experiment, loads } = carryOut(page, NOISES.gaussian, 2, {
      loads: allowed,
    });
    ok(loads <= allowed && loads >= allowed - 3, `${loads} of ${allowed}`);
    equal(experiment.stopped, "loads");
    deepEqual(experiment.nextBlock(), []);
  }
});

Deno.test("Experiment: least loads give an answer of each factor, and the expected number grows with noise", () => {
  for (const page of PAGES) {
    const { least } = experimentOf(page.factors);
    const { analysis } = carryOut(page, NOISES.gaussian, 4, { loads: least });
    for (const { slope } of analysis.factors) {
      ok(slope.high - slope.low < Infinity);
    }
    const experiment = experimentOf(page.factors, 5000);
    const expected = [0, 5, 15, 30, 1e6].map((deviation) =>
      experiment.expected(deviation)
    );
    equal(expected[0], least);
    deepEqual(expected, expected.toSorted((a, b) => a - b));
    equal(expected.at(-1), 5000);
  }
});

Deno.test("Experiment: the expected number of loads is about that of the experiment", () => {
  for (const name of ["chain", "three equal", "retry"]) {
    const page = pageNamed(name);
    const expected = experimentOf(page.factors).expected(15);
    const { loads } = carryOut(page, NOISES.gaussian, 5);
    const ratio = expected / loads;
    ok(ratio > 0.5 && ratio < 2, `${name}: ${expected}, made ${loads}`);
  }
});

Deno.test("Experiment: before the first load, nothing is known", () => {
  const experiment = experimentOf(pageNamed("chain").factors);
  const { baseline, factors, interactions } = experiment.analyse();
  equal(baseline.loads, 0);
  ok(Number.isNaN(baseline.value));
  equal(interactions.length, 0);
  for (const { slope, p, significant } of factors) {
    deepEqual(slope, { value: 0, low: -Infinity, high: Infinity });
    equal(p, 1);
    equal(significant, false);
  }
});

Deno.test("Experiment: if all loads fail, the experiment ends, and nothing is known", () => {
  const experiment = experimentOf(pageNamed("chain").factors, 90);
  let loads = 0;
  for (;;) {
    const block = experiment.nextBlock();
    if (block.length === 0) break;
    loads += block.length;
  }
  ok(loads > 86 && loads <= 90);
  equal(experiment.stopped, "loads");
  for (const { slope } of experiment.analyse().factors) {
    equal(slope.high, Infinity);
  }
});

Deno.test("Experiment: factors that were changed only together, with an effect, cannot be told apart", () => {
  const page = graphPage(
    "fourteen, of which one is not hidden",
    Array.from({ length: 14 }, (_, at) => ({
      id: `call ${at}`,
      time: 100,
      late: at > 0,
    })),
  );
  const { analysis } = carryOut(page, QUIET, 1, { loads: 34 });
  deepEqual(
    analysis.indistinguishable.map(({ factors }) => factors),
    [[0, 1], [0, 1]],
  );
  for (const { slope, significant } of analysis.factors.slice(0, 2)) {
    equal(significant, false);
    ok(Math.abs(slope.value - 0.5) < 0.02);
    ok(slope.low <= 0 && slope.high >= 1);
  }
});

/** Chain of eight calls, of which two at once cost a step less, and two others a step more, so that all at once cost the sum. */
const CANCELLING: SyntheticPage = {
  name: "two pairs that cancel each other",
  factors: Array.from({ length: 8 }, (_, at) => ({
    id: `call ${at}`,
    added: 100,
    taken: 0,
  })),
  figure: (changes) =>
    changes.reduce((sum, ms) => sum + ms, 500) -
    Math.min(changes[0], changes[1]) + Math.min(changes[2], changes[3]),
  trace: [],
};

Deno.test("Experiment: pairs whose effects cancel each other in the sum are found by screening", () => {
  let complete = 0;
  for (let seed = 0; seed < 6; seed++) {
    const { analysis } = carryOut(CANCELLING, NOISES.gaussian, seed);
    const found = analysis.interactions.map(({ pair }) => pair.join());
    if (found.sort().join(" ") === "0,1 2,3") complete++;
    for (const { slope } of analysis.factors) {
      ok(Math.abs(slope.value - 1) < 0.15);
    }
  }
  // Where the sum seems not to be that of the effects by chance, pairs of the strongest are measured instead.
  ok(complete >= 3, `${complete} of 6`);
});

Deno.test("Experiment: slopes are right where screening cannot tell pairs apart, since without chance each replicate is the same", () => {
  for (const seed of [2, 3]) {
    const { analysis } = carryOut(CANCELLING, NOISES.gaussian, seed, {
      next: () => 0.5,
    });
    for (const { slope } of analysis.factors) {
      ok(Math.abs(slope.value - 1) < 0.15);
    }
  }
});

Deno.test("Experiment: the limit of loads holds while screening is used", () => {
  const page = pageNamed("chain");
  for (let allowed = 60; allowed < 80; allowed++) {
    const { loads } = carryOut(page, NOISES.gaussian, 1, { loads: allowed });
    ok(loads <= allowed && loads >= allowed - 3, `${loads} of ${allowed}`);
  }
});

Deno.test("Experiment: before the end, hidden routes are known as well as their group", () => {
  const page = pageNamed("three equal");
  const slopes = trueSlopes(page);
  let bounded = 0;
  for (let loads = 70; loads < 140; loads += 10) {
    const { analysis } = carryOut(page, NOISES.gaussian, 1, { loads });
    const hidden = analysis.factors.filter((_, at) => slopes[at] === 0);
    for (const { slope, p } of hidden) {
      ok(slope.low <= 0 && slope.high >= 0);
      ok(slope.low <= slope.value && slope.value <= slope.high);
      ok(p > 0.05);
    }
    const intervals = new Set(hidden.map(({ slope }) => slope.high));
    if (intervals.size === 1) bounded++;
  }
  ok(bounded > 0);
});

Deno.test("Experiment: many factors whose effects add up are measured by screening, in far fewer loads than alone", () => {
  const page = pageNamed("chain");
  let sum = 0;
  let screened = 0;
  const seeds = 8;
  for (let seed = 0; seed < seeds; seed++) {
    const { analysis, loads } = carryOut(page, NOISES.gaussian, seed);
    sum += loads;
    if (analysis.curvature.length > 0) screened++;
    for (const { slope, saved } of analysis.factors) {
      ok(Math.abs(slope.value - 1) < 0.18);
      ok(Math.abs((saved?.value ?? NaN) - 1) < 0.18);
    }
  }
  ok(sum / seeds < 200, `${sum / seeds}`);
  ok(screened >= seeds / 2, `${screened}`);
});

Deno.test("Experiment: on a page with many hidden routes, these cost few loads", () => {
  const page = pageNamed("thirty");
  const { analysis, loads } = carryOut(page, NOISES.gaussian, 1);
  ok(loads < 300, `${loads}`);
  const slopes = trueSlopes(page);
  for (const [at, { slope, significant }] of analysis.factors.entries()) {
    equal(significant, slopes[at] > 0);
    ok(Math.abs(slope.value - slopes[at]) < 0.15);
  }
});

Deno.test("Experiment: of parallel calls that are equally slow, each one costs alone, and the pairs do not add up", () => {
  for (const count of [2, 3, 4]) {
    const page = graphPage(
      `${count} equal`,
      Array.from({ length: count + 2 }, (_, at) => ({
        id: `call ${at}`,
        time: 200,
        late: at >= count,
      })),
    );
    const { analysis } = carryOut(page, NOISES.gaussian, 4);
    for (
      const [at, { slope, saved, isAlone }] of analysis.factors.entries()
    ) {
      ok(Math.abs(slope.value - (at < count ? 1 : 0)) < 0.15);
      ok(Math.abs(saved?.value ?? NaN) < 0.15);
      ok(isAlone || at >= count);
    }
    const pairs = analysis.interactions
      .filter(({ direction }) => direction === "added");
    ok(pairs.length > 0);
    for (const { pair, effect } of pairs) {
      ok(pair.every((at) => at < count));
      ok(
        effect.low < -100 && effect.high > -100 ||
          Math.abs(effect.value + 100) < 30,
      );
    }
  }
});

Deno.test("Experiment: two calls of a chain that another call hides cost only together", () => {
  const page = graphPage("slack", [
    { id: "first", time: 100 },
    { id: "second", time: 100, after: ["first"] },
    { id: "other", time: 50, late: true },
  ]);
  const hidden: SyntheticPage = {
    ...page,
    figure: (changes) => Math.max(page.figure(changes), 340),
  };
  deepEqual(trueSlopes(hidden), [0, 0, 0]);
  const { analysis } = carryOut(hidden, NOISES.gaussian, 3);
  deepEqual(
    analysis.factors.map(({ significant }) => significant),
    [false, false, false],
  );
  const found = analysis.interactions;
  equal(found.length, 1);
  deepEqual(found[0].pair, [0, 1]);
  equal(found[0].direction, "added");
  ok(found[0].effect.low < 100 && found[0].effect.high > 100);
});

Deno.test("Experiment: two hidden calls that cost only together are found among many, wherever they are", () => {
  for (const [first, second] of [[0, 1], [1, 6], [3, 4], [0, 7]]) {
    const page: SyntheticPage = {
      name: "hidden pair",
      factors: Array.from({ length: 8 }, (_, at) => ({
        id: `call ${at}`,
        added: 100,
        taken: 0,
      })),
      figure: (changes) =>
        500 + Math.max(0, changes[first] + changes[second] - 100),
      trace: [],
    };
    let found = 0;
    for (let seed = 0; seed < 4; seed++) {
      const { analysis } = carryOut(page, NOISES.gaussian, seed);
      const pair = analysis.interactions.find(({ pair }) =>
        pair.join() === [first, second].join()
      );
      ok(analysis.factors.every(({ significant }) => !significant));
      if (pair === undefined) continue;
      found++;
      const { value, low, high } = pair.effect;
      ok(Math.abs(value - 100) < 0.75 * (high - low), JSON.stringify(pair));
    }
    ok(found >= 2, `${first}, ${second}: ${found} of 4`);
  }
});

Deno.test("Experiment: interactions with a slow processor have the right size, also of a route that costs nothing alone", () => {
  for (const hidden of [0, 5]) {
    const page = slowedPage(hidden);
    const cpu = page.factors.length - 1;
    const less: Noise = (figure, load, next) =>
      (figure + NOISES.gaussian(figure, load, next)) / 2;
    const { analysis } = carryOut(page, less, 3);
    const found = new Map(
      analysis.interactions.map(({ pair, effect }) => [pair.join(), effect]),
    );
    for (const [route, truth] of [[1, -100], [2, 100]]) {
      const effect = found.get(`${route},${cpu}`);
      ok(effect !== undefined, `${hidden} hidden, route ${route}`);
      ok(effect.low <= truth && truth <= effect.high, JSON.stringify(effect));
      ok(effect.high - effect.low < 200, JSON.stringify(effect));
    }
    const slopes = trueSlopes(page);
    for (const [at, { slope, saved }] of analysis.factors.entries()) {
      ok(Math.abs(slope.value - slopes[at]) < 0.12);
      if (at < cpu) ok((saved?.high ?? NaN) - (saved?.low ?? NaN) < 0.2 + 1e-9);
    }
  }
});

Deno.test("Experiment: a slow processor that costs nothing has no interactions, and without noise no load counts less", () => {
  const page = slowedPage();
  const idle: SyntheticPage = {
    ...page,
    figure: ([first, list, details]) => page.figure([first, list, details, 0]),
  };
  const { analysis } = carryOut(idle, NOISES.gaussian, 2);
  deepEqual(analysis.interactions, []);
  equal(analysis.factors[3].significant, false);
  const { analysis: exact } = carryOut(page, (figure) => figure, 2);
  deepEqual(
    exact.interactions.map(({ pair, effect, direction }) =>
      `${direction} ${pair.join()} ${Math.round(effect.value)}`
    ),
    ["added 1,3 -100", "added 2,3 100"],
  );
});

Deno.test("Experiment: savings are measured only of factors whose time can be taken away", () => {
  const factors = [
    { id: "a", added: 100, taken: 50 },
    { id: "b", added: 50, taken: 0 },
    { id: "c", added: 200, taken: 0 },
  ];
  const page: SyntheticPage = {
    name: "different steps",
    factors,
    figure: ([a, b, c]) => 500 + a + 2 * b + 0 * c,
    trace: [],
  };
  const { analysis } = carryOut(page, NOISES.gaussian, 1);
  deepEqual(
    analysis.factors.map(({ saved }) => saved === undefined),
    [false, true, true],
  );
  for (const [at, truth] of [1, 2, 0].entries()) {
    ok(Math.abs(analysis.factors[at].slope.value - truth) < 0.15);
  }
  ok(Math.abs((analysis.factors[0].saved?.value ?? NaN) - 1) < 0.3);
});

Deno.test("Experiment: failed loads are simply missing", () => {
  const page = pageNamed("two equal");
  const experiment = experimentOf(page.factors);
  const next = uniforms(8);
  for (;;) {
    const block = experiment.nextBlock();
    if (block.length === 0) break;
    experiment.add(
      block.filter(() => next() < 0.8).map((load) => ({
        ...load,
        figure: NOISES.gaussian(
          page.figure(load.levels.map((level) => 100 * level)),
          0,
          next,
        ),
      })),
    );
  }
  equal(experiment.stopped, "precise");
  for (const [at, slope] of trueSlopes(page).entries()) {
    const { value } = experiment.analyse().factors[at].slope;
    ok(Math.abs(value - slope) < 0.15, `${value} is not ${slope}`);
  }
});

Deno.test("Experiment: 1 to 40 factors", () => {
  for (const count of [1, 2, 3, 5, 13, 27, 40]) {
    const page = graphPage(
      `${count} factors`,
      Array.from({ length: count }, (_, at) => ({
        id: `call ${at}`,
        time: 100,
        after: at > 0 && at < 3 ? [`call ${at - 1}`] : [],
        late: at > 2,
      })),
    );
    const { analysis, experiment } = carryOut(page, QUIET, count);
    equal(experiment.stopped, "precise");
    ok(experiment.design.includes("Plackett–Burman"));
    for (const [at, slope] of trueSlopes(page).entries()) {
      ok(Math.abs(analysis.factors[at].slope.value - slope) < 0.05);
    }
  }
});

Deno.test("Experiment: six connections share the costs", () => {
  const page = connectionsPage("seven over two", [100, 150, 90, 60, 200], 2);
  const slopes = trueSlopes(page);
  const { analysis } = carryOut(page, NOISES.gaussian, 6);
  for (const [at, { slope }] of analysis.factors.entries()) {
    ok(Math.abs(slope.value - slopes[at]) < 0.15);
  }
});
