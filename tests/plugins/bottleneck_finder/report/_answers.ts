/**
 * Answers for the tests of reports: a plain one, one with many routes, and one with names that an attacker chose.
 *
 * @module
 */
import type {
  FindAnswer,
  FoundCliff,
  FoundRoute,
  SweepAnswer,
} from "../../../../core/find.ts";
import {
  budgetSentence,
  cliffSentence,
  interactionSentence,
  routeSentence,
} from "../../../../plugins/bottleneck_finder/report/sentences.ts";

/** Name as an attacker would choose it: markup, an escape sequence, a change of direction, marks of Markdown. */
export const EVIL =
  "x\"><script>alert(1)</script>'&|`*_[a](https://evil.example)\u001b[31m\u202e\u0000";

/** Facts that the sentences of the answers share. */
export const CONTEXT = { figure: "LCP", confidence: 0.95 } as const;

/** Returns an estimate. */
export function estimate(value: number, half: number) {
  return { value, low: value - half, high: value + half };
}

/** Returns a route with its sentence. */
export function routeOf(more: Partial<FoundRoute> = {}): FoundRoute {
  const route = {
    route: "GET /api/session",
    slope: 0.98,
    low: 0.91,
    high: 1.04,
    verdict: "critical",
    saved: estimate(0.95, 0.08),
    share: estimate(0.12, 0.02),
    p: 0.0001,
    calls: 1,
    responseTime: 80,
    added: { asked: 100, measured: 100.3 },
    taken: { asked: 60, measured: 59.8 },
    lateness: 0.1,
    errors: { share: 0, answers: 64, statuses: {} },
    largest: estimate(1340, 40),
    ...more,
  } as const;
  return { ...route, sentence: routeSentence(route, CONTEXT) };
}

/** Returns a search along a delay, with its sentence. */
export function cliffOf(more: Partial<FoundCliff> = {}): FoundCliff {
  const cliff = {
    of: "route cart, delay",
    unit: "ms",
    breaksAt: estimate(560, 25),
    failsAt: null,
    bend: {
      at: estimate(300, 20),
      before: estimate(0.02, 0.05),
      after: estimate(0.98, 0.04),
    },
    jump: null,
    points: Array.from({ length: 21 }, (_, i) => ({
      level: 100 * i,
      figure: estimate(2240 + Math.max(0, 100 * i - 300) + 17 * (i % 3), 20),
      loads: 1 + i % 4,
      failed: 0,
    })),
    ...more,
  };
  return {
    ...cliff,
    sentence: cliffSentence(cliff, {
      ...CONTEXT,
      limit: 2500,
      from: 0,
      to: 2000,
    }),
  };
}

/** Returns an answer with a budget, a cliff and a waterfall. */
export function findAnswer(more: Partial<FindAnswer> = {}): FindAnswer {
  const routes = [
    routeOf(),
    routeOf({
      route: "cart",
      slope: 0.42,
      low: 0.33,
      high: 0.5,
      verdict: "partly",
      saved: estimate(0.02, 0.06),
      largest: estimate(640, 25),
      responseTime: 80,
    }),
    routeOf({
      route: "recommendations",
      slope: 0,
      low: -0.03,
      high: 0.03,
      verdict: "hidden",
      saved: null,
      share: null,
      taken: null,
      p: 1,
      largest: null,
    }),
    routeOf({
      route: "https://cdn.example/fonts/*",
      slope: 0.3,
      low: -4,
      high: 6,
      verdict: "unclear",
      saved: null,
      share: null,
      taken: null,
      p: 0.4,
      lateness: null,
      largest: null,
    }),
  ];
  const baseline = { median: 1240, low: 1228, high: 1251 };
  const limit = 2500;
  const interaction = {
    routes: ["cart", "stock"],
    added: true,
    effect: estimate(-48, 6),
  } as const;
  return {
    ...CONTEXT,
    seed: 42,
    baseline,
    routes,
    interactions: [{
      ...interaction,
      sentence: interactionSentence(interaction, CONTEXT),
    }],
    indistinguishable: [{
      routes: ["a", "b"],
      reason: "each page load calls both at once",
    }],
    budget: {
      limit,
      kept: true,
      sentence: budgetSentence({ limit, kept: true }, {
        ...CONTEXT,
        baseline,
        routes,
      }),
    },
    cliffs: [cliffOf()],
    loads: 64,
    failed: { "the page gave no LCP within 30 s": 2 },
    duration: 200_000,
    design: "Plackett–Burman, 8 runs, folded over, 4 replicates in blocks",
    stopped: "precise",
    waterfall: [
      { url: "http://localhost/", route: null, start: 0, end: 40 },
      {
        url: "http://localhost/api/session",
        route: "GET /api/session",
        start: 60,
        end: 145,
      },
      {
        url: "http://localhost/api/cart?id=1",
        route: "cart",
        start: 150,
        end: 235,
      },
      {
        url: "http://localhost/api/recommendations",
        route: "recommendations",
        start: 150,
        end: 900,
      },
    ],
    notes: ["Perfmock and the browser share this machine."],
    ...more,
  };
}

/** Returns an answer with more routes and requests than are drawn, and long names. */
export function longAnswer(): FindAnswer {
  const name = (i: number) =>
    `GET /api/v2/tenants/acme-corporation/warehouses/${i}/inventory/items?filter=available&sort=price&page=${i}`;
  return findAnswer({
    routes: Array.from({ length: 70 }, (_, i) =>
      routeOf({
        route: name(i),
        slope: 1 - i / 70,
        low: 0.9 - i / 70,
        high: 1.1 - i / 70,
        verdict: i < 10 ? "critical" : i < 30 ? "partly" : "hidden",
      })),
    waterfall: Array.from({ length: 90 }, (_, i) => ({
      url: `https://shop.example${name(i).slice(4)}`,
      route: i % 5 === 0 ? null : name(i % 70),
      start: 20 * i,
      end: 20 * i + 100 + 37 * (i % 11),
    })),
  });
}

/** Returns an answer whose names were chosen by an attacker. */
export function evilAnswer(): FindAnswer {
  const figure = `measure:${EVIL}`;
  return findAnswer({
    figure,
    seed: EVIL,
    routes: [routeOf({ route: EVIL })],
    indistinguishable: [{ routes: [EVIL], reason: EVIL }],
    cliffs: [cliffOf({ of: EVIL, unit: EVIL })],
    failed: { [EVIL]: 1 },
    design: EVIL,
    waterfall: [
      { url: EVIL, route: EVIL, start: 0, end: 5 },
      { url: `http://a/${EVIL}`, route: null, start: 0, end: 5 },
    ],
    notes: [EVIL],
  });
}

/** Returns the answer of a sweep. */
export function sweepAnswer(more: Partial<SweepAnswer> = {}): SweepAnswer {
  return {
    ...CONTEXT,
    seed: 42,
    factors: [1, 2, 4, 8],
    routes: [
      {
        route: "cart",
        responseTime: 80,
        figures: [
          estimate(1240, 12),
          estimate(1246, 15),
          estimate(1330, 14),
          estimate(1655, 22),
        ],
        knee: { value: 230, low: 190, high: 262 },
        breaks: 8,
        errors: { share: 0, answers: 40, statuses: {} },
      },
      {
        route: "recommendations",
        responseTime: 300,
        figures: [estimate(1240, 12), estimate(1239, 15), null, null],
        knee: null,
        breaks: null,
        errors: null,
      },
      {
        route: "cpu",
        responseTime: null,
        errors: null,
        figures: [estimate(1240, 12), estimate(1239, 15), null, null],
        knee: { value: 2.5, low: 2.1, high: 3.25 },
        breaks: null,
      },
    ],
    budget: 1500,
    loads: 40,
    failed: {},
    duration: 61_000,
    stopped: "complete",
    notes: [],
    ...more,
  };
}
