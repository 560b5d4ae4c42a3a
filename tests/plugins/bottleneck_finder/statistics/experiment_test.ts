import { deepEqual, equal, ok } from "node:assert/strict";
import {
  Experiment,
  type Factor,
  type Observation,
} from "../../../../plugins/bottleneck_finder/statistics/experiment.ts";
import {
  carryOut,
  connectionsPage,
  graphPage,
  indifferentPage,
  type Noise,
  NOISES,
  PAGES,
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

Deno.test("Experiment: each block has loads as configured, whole pairs of rows, and levels in one direction", () => {
  const page = pageNamed("shop");
  const experiment = experimentOf(page.factors);
  for (let number = 0; number < 6; number++) {
    const block = experiment.nextBlock();
    equal(block.length, 10);
    ok(block.every((load) => load.block === number));
    const sums = page.factors.map((_, at) =>
      block.reduce((sum, { levels }) => sum + levels[at], 0)
    );
    equal(new Set(sums.map(Math.abs)).size, 1);
    equal(Math.abs(sums[0]), 4);
    ok(block.filter(({ levels }) => levels.every((l) => l === 0)).length >= 2);
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

Deno.test("Experiment: factors that were always changed together, or one instead of the other, cannot be told apart", () => {
  const factors = ["a", "b", "c", "d"].map((id) => ({
    id,
    added: 100,
    taken: 0,
  }));
  const experiment = experimentOf(factors);
  const next = uniforms(5);
  const load = (on: boolean, third: boolean): Observation => ({
    block: 0,
    levels: [on ? 1 : 0, on ? 1 : 0, third ? 1 : 0, third ? 0 : 1],
    figure: 500 + next(),
  });
  const none = { block: 0, levels: [0, 0, 0, 0] as const };
  experiment.add([
    load(true, true),
    load(true, false),
    load(true, true),
    load(true, false),
    load(true, true),
    load(true, false),
    { ...none, figure: 500 },
    { ...none, figure: 501 },
  ]);
  const { indistinguishable, factors: effects } = experiment.analyse();
  deepEqual(
    indistinguishable.map(({ factors }) => factors),
    [[0, 1], [0, 2, 3]],
  );
  equal(effects[1].slope.high, Infinity);
  ok(effects[2].slope.high < Infinity);
});

Deno.test("Experiment: a change that goes along with a block's loads cannot be told from the block", () => {
  const factors = ["a", "b"].map((id) => ({ id, added: 100, taken: 0 }));
  const experiment = experimentOf(factors);
  const levels = [[1, 0], [0, 1], [1, 0], [0, 1]] as const;
  experiment.add(levels.map((levels, at) => ({
    block: 0,
    levels,
    figure: 500 + at,
  })));
  const { indistinguishable } = experiment.analyse();
  deepEqual(indistinguishable.map(({ factors }) => factors), [[0, 1]]);
});

Deno.test("Experiment: pairs that the plan varies alike are named, as long as they were not measured themselves", () => {
  const factors = Array.from({ length: 8 }, (_, at) => ({
    id: `call ${at}`,
    added: 100,
    taken: 0,
  }));
  const page: SyntheticPage = {
    name: "two of eight",
    factors,
    figure: ([first, second]) => 500 + Math.max(first, second),
    trace: [],
  };
  const noise = uniforms(4);
  const named = (loads: number) => {
    const experiment = new Experiment(factors, {
      loads,
      precision: 0.1,
      confidence: 0.95,
      // Without chance, each replicate varies the same pairs alike.
      next: () => 0.5,
    });
    for (;;) {
      const block = experiment.nextBlock();
      if (block.length === 0) break;
      experiment.add(block.map((load) => ({
        ...load,
        figure: page.figure(load.levels.map((level) => 100 * level)) + noise(),
      })));
    }
    return experiment.analyse();
  };
  const { indistinguishable, factors: effects } = named(41);
  equal(indistinguishable.length, 1);
  ok(indistinguishable[0].factors.includes(0));
  ok(indistinguishable[0].factors.includes(1));
  ok(indistinguishable[0].factors.length > 2);
  // Nothing is claimed before a load of its own, and the interval reaches as far as effects do not add up.
  ok(effects[0].slope.high > 0.9 && effects[0].p === 1);
  const { interactions, indistinguishable: none } = named(400);
  deepEqual(none, []);
  deepEqual(interactions.map(({ pair }) => pair), [[0, 1]]);
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
      const [at, { slope, saved, entangled }] of analysis.factors.entries()
    ) {
      ok(Math.abs(slope.value - (at < count ? 1 : 0)) < 0.15);
      ok(Math.abs(saved?.value ?? NaN) < 0.15);
      equal(entangled, true);
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
