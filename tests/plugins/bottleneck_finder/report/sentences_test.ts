import { equal } from "node:assert/strict";
import {
  budgetSentence,
  cliffSentence,
  interactionSentence,
  levelRange,
  levelText,
  routeSentence,
} from "../../../../plugins/bottleneck_finder/report/sentences.ts";
import { cliffOf, CONTEXT, estimate, routeOf } from "./_answers.ts";

Deno.test("a route's sentence has the cost, its interval and the verdict", () => {
  equal(
    routeOf().sentence,
    "+100 ms on GET /api/session costs +98 ms LCP (95 % interval 91…104): on the critical path.",
  );
  equal(
    routeOf({
      route: "recommendations",
      slope: 0,
      low: -0.03,
      high: 0.03,
      verdict: "hidden",
      saved: null,
    }).sentence,
    "+100 ms on recommendations costs 0 ± 3 ms LCP: hidden.",
  );
  equal(
    routeOf({
      slope: 0.42,
      low: 0.33,
      high: 0.5,
      verdict: "partly",
      taken: null,
    })
      .sentence,
    "+100 ms on GET /api/session costs +42 ms LCP (95 % interval 33…50): partly on the critical path.",
  );
});

Deno.test("a route's sentence says which share of its answers were errors", () => {
  const errors = {
    share: 0.25,
    answers: 64,
    statuses: { "503": 10, reset: 6 },
  };
  equal(
    routeOf({ errors }).sentence,
    "+100 ms on GET /api/session costs +98 ms LCP (95 % interval 91…104): on the critical path. 25 % of its answers were errors (503, reset).",
  );
  equal(
    routeOf({ errors, low: -Infinity, high: Infinity, saved: null }).sentence,
    "+100 ms on GET /api/session costs an unknown amount of LCP: too few loads, or too much noise. 25 % of its answers were errors (503, reset).",
  );
  equal(routeOf({ errors: null }).sentence, routeOf().sentence);
});

Deno.test("a route's sentence says so where time taken away is worth another amount", () => {
  equal(
    routeOf({ saved: estimate(0.02, 0.06) }).sentence,
    "+100 ms on GET /api/session costs +98 ms LCP (95 % interval 91…104): on the critical path. 60 ms less saves 1.2 ± 3.6 ms.",
  );
});

Deno.test("a route's sentence names the kind of the factor and the reason of a verdict", () => {
  const route = routeOf({ verdict: "unclear", saved: null });
  equal(
    routeSentence(route, CONTEXT, "cpu"),
    "A processor slower by 100 % costs +98 ms LCP (95 % interval 91…104): unclear.",
  );
  equal(
    routeSentence(route, CONTEXT, "origin"),
    "At least 100 ms on GET /api/session costs +98 ms LCP (95 % interval 91…104): unclear.",
  );
  equal(
    routeOf({ verdict: "unclear", low: -Infinity, high: Infinity, saved: null })
      .sentence,
    "+100 ms on GET /api/session costs an unknown amount of LCP: too few loads, or too much noise.",
  );
  equal(
    routeOf({ verdict: "unclear", low: -29825, high: 29825 }).sentence,
    "+100 ms on GET /api/session costs an unknown amount of LCP: too few loads, or too much noise.",
  );
});

Deno.test("the sentence of a pair says whether both cost or save more or less than the sum", () => {
  for (
    const [added, value, words] of [
      [true, 48, "added to both a and b costs 48 ms LCP more"],
      [true, -48, "added to both a and b costs 48 ms LCP less"],
      [false, -48, "taken away from both a and b saves 48 ms LCP more"],
      [false, 48, "taken away from both a and b saves 48 ms LCP less"],
    ] as const
  ) {
    equal(
      interactionSentence(
        { routes: ["a", "b"], added, effect: estimate(value, 6) },
        CONTEXT,
      ),
      `Time ${words} than the sum of each alone (95 % interval 42…54).`,
    );
  }
});

const BASELINE = { median: 1240, low: 1228, high: 1251 };

Deno.test("the sentence of a budget names the routes that break it first", () => {
  const routes = [
    { route: "a", responseTime: 100, largest: estimate(1400, 10) },
    { route: "cart", responseTime: 80, largest: estimate(640, 25) },
    { route: "b", responseTime: 100, largest: null },
    { route: "c", responseTime: null, largest: estimate(1, 0) },
  ];
  const sentence = (count: number) =>
    budgetSentence({ limit: 2500, kept: true }, {
      ...CONTEXT,
      baseline: BASELINE,
      routes: [
        ...routes,
        ...Array.from({ length: count }, (_, i) => ({
          route: `more ${i}`,
          responseTime: 0,
          largest: estimate(5000 + i, 1),
        })),
      ],
    });
  const now = "LCP is 1240 ms (95 % interval 1228…1251) as configured.";
  equal(
    sentence(0),
    `The 2.5 s budget breaks when cart exceeds 640 ms (615…665), or a 1400 ms (1390…1410). ${now}`,
  );
  equal(
    sentence(2),
    `The 2.5 s budget breaks when cart exceeds 640 ms (615…665), or a 1400 ms (1390…1410), or more 0 5000 ms (4999…5001), or by 1 more route. ${now}`,
  );
  equal(
    sentence(3).includes("or by 2 more routes"),
    true,
  );
  equal(
    budgetSentence({ limit: 2500, kept: true }, {
      ...CONTEXT,
      baseline: BASELINE,
      routes: [],
    }),
    `The 2.5 s budget is kept, and no route was found to break it. ${now}`,
  );
});

Deno.test("the sentence of a broken budget says what would keep it", () => {
  const sentence = (
    routes: Parameters<typeof budgetSentence>[1]["routes"],
  ) =>
    budgetSentence({ limit: 1200, kept: false }, {
      ...CONTEXT,
      baseline: BASELINE,
      routes,
    });
  const now =
    "The 1.2 s budget is broken: LCP is 1240 ms (95 % interval 1228…1251) as configured.";
  equal(
    sentence([
      { route: "far", responseTime: 100, largest: estimate(10, 1) },
      { route: "near", responseTime: 100, largest: estimate(60, 1) },
    ]),
    `${now} It is kept again when near takes at most 60 ms (59…61), or far at most 10 ms (9…11).`,
  );
  equal(
    sentence([]),
    `${now} No single route was found to bring it back.`,
  );
});

Deno.test("the sentence of a cliff says what breaks, fails and bends, and what does not", () => {
  equal(
    cliffOf().sentence,
    "The 2.5 s budget breaks when route cart, delay exceeds 560 ms (95 % interval 535…585 ms). The slope changes at 300 ms (95 % interval 280…320 ms): 0.02 ms LCP per ms below, 0.98 above.",
  );
  equal(
    cliffOf({ breaksAt: null }).sentence,
    "Along route cart, delay: The slope changes at 300 ms (95 % interval 280…320 ms): 0.02 ms LCP per ms below, 0.98 above.",
  );
  equal(
    cliffOf({ breaksAt: null, bend: null }).sentence,
    "route cart, delay has no cliff between 0 ms and 2000 ms: the 2.5 s budget is kept, loads do not fail, and one line fits.",
  );
  equal(
    cliffOf({ breaksAt: estimate(0, 0), failsAt: estimate(0, 0), bend: null })
      .sentence,
    "Along route cart, delay: The 2.5 s budget is broken from the start, at 0 ms. Half of the loads or more fail from the start, at 0 ms.",
  );
  equal(
    cliffOf({
      bend: null,
      breaksAt: null,
      jump: { at: estimate(1000, 5), by: estimate(980, 12) },
    }).sentence,
    "Along route cart, delay: LCP jumps by +980 ms (95 % interval 968…992) at 1000 ms (995…1005 ms).",
  );
  equal(
    cliffOf({
      of: "network, bandwidth",
      unit: "B/s",
      breaksAt: null,
      bend: {
        at: estimate(5e5, 1e5),
        before: estimate(120_000, 0),
        after: estimate(2500, 0),
      },
    }).sentence,
    "Along network, bandwidth: The slope changes at 500 KB/s (95 % interval 400…600 KB/s): LCP waits for 120 KB below, 2.5 above.",
  );
  equal(
    cliffOf({ points: [] }).sentence,
    "Nothing was measured along route cart, delay.",
  );
  const pool = cliffOf({
    of: "pool payment, concurrency",
    unit: "",
    breaksAt: null,
    failsAt: estimate(3, 1),
  });
  const options = { ...CONTEXT, limit: null, from: 16, to: 1 };
  equal(
    cliffSentence(pool, options),
    "Half of the loads or more fail when pool payment, concurrency falls below 3 (95 % interval 2…4). The slope changes at 300 (95 % interval 280…320): 0.02 ms LCP per unit below, 0.98 above.",
  );
  equal(
    cliffSentence({ ...pool, failsAt: null, bend: null }, options),
    "pool payment, concurrency has no cliff between 16 and 1: loads do not fail, and one line fits.",
  );
});

Deno.test("levels are written with the digits that count", () => {
  equal(levelText(0.0125, ""), "0.0125");
  equal(levelText(0.33333, ""), "0.333");
  equal(levelText(-40, "ms"), "−40 ms");
  equal(levelText(250_000, "B/s"), "250 KB/s");
  equal(levelText(1_250_000, "B/s"), "1.25 MB/s");
  equal(levelText(560.4, "ms"), "560 ms");
});

Deno.test("an interval of levels has its unit once, where both ends have the same", () => {
  equal(levelRange({ low: 280, high: 320 }, "ms"), "280…320 ms");
  equal(levelRange({ low: 2, high: 3 }, ""), "2…3");
  equal(levelRange({ low: 9e5, high: 11e5 }, "B/s"), "900 KB/s…1.1 MB/s");
});
