import { deepEqual, equal, ok } from "node:assert/strict";
import { type DrawingSpec, drawSvg } from "../../../../core/lib/drawing.ts";
import {
  cliffDrawing,
  slopesDrawing,
  sweepDrawing,
  waterfallDrawing,
} from "../../../../plugins/bottleneck_finder/report/drawings.ts";
import {
  cliffOf,
  estimate,
  findAnswer,
  longAnswer,
  routeOf,
  sweepAnswer,
} from "./_answers.ts";

/** Layer of a drawing, as far as the tests look at it. */
interface Layer {
  readonly data: { readonly values: readonly Record<string, unknown>[] };
  readonly encoding: Record<string, {
    readonly scale?: { readonly domain: unknown; readonly type?: string };
    readonly legend?: unknown;
  }>;
}

/** Drawing, as far as the tests look at it. */
interface Drawing {
  readonly title?: string;
  readonly layer: readonly Layer[];
}

function drawingOf(spec: DrawingSpec): Drawing {
  return spec as unknown as Drawing;
}

/** Parts of the drawing of a cliff. */
function cliffParts(spec: DrawingSpec): readonly (Drawing & Layer)[] {
  return spec.vconcat as readonly (Drawing & Layer)[];
}

/** Draws a specification, and returns all that the library warns of. */
async function warningsOf(spec: DrawingSpec): Promise<unknown[]> {
  const warnings: unknown[] = [];
  const { warn } = globalThis.console;
  globalThis.console.warn = (...words: unknown[]) => void warnings.push(words);
  try {
    ok((await drawSvg(spec)).startsWith("<svg"));
  } finally {
    globalThis.console.warn = warn;
  }
  return warnings;
}

Deno.test("slopes have an interval each, within limits, and the processor is left out", () => {
  const { layer } = drawingOf(slopesDrawing(findAnswer({
    routes: [
      routeOf(),
      routeOf({
        route: "wide",
        verdict: "unclear",
        low: -Infinity,
        high: 80,
        saved: null,
      }),
      routeOf({ route: "cpu" }),
    ],
  })));
  const marks = layer[1].data.values;
  deepEqual(marks.map(({ row, kind }) => [row, kind]), [
    ["1  GET /api/session", "added"],
    ["1  GET /api/session", "taken away"],
    ["2  wide", "added"],
  ]);
  deepEqual(layer[1].encoding.x.scale?.domain, [-0.2, 1.2]);
  deepEqual([marks[2].low, marks[2].high], [-1.2, 2.2]);
});

Deno.test("many routes are cut, and the drawing says so", () => {
  const slopes = drawingOf(slopesDrawing(longAnswer()));
  equal(slopes.title, "10 routes are not drawn");
  const rows = new Set(slopes.layer[1].data.values.map(({ row }) => row));
  equal(rows.size, 60);
  ok([...rows].every((row) => `${row}`.length <= 46));
  const waterfall = drawingOf(waterfallDrawing(longAnswer()));
  equal(waterfall.title, "30 later requests are not drawn");
  const sweep = sweepDrawing(sweepAnswer({
    routes: Array.from({ length: 30 }, () => sweepAnswer().routes[0]),
  }));
  equal(sweep.title, "6 routes are not drawn");
  equal((sweep.concat as unknown[]).length, 24);
});

Deno.test("the drawing of a cliff names all that was found in its legend", () => {
  const [curve, ...others] = cliffParts(cliffDrawing(
    cliffOf({ failsAt: estimate(1500, 40) }),
    findAnswer(),
  ));
  deepEqual(curve.layer[0].encoding.color.scale?.domain, [
    "median LCP with interval",
    "budget 2.5 s",
    "the budget breaks at 560 ms",
    "half of the loads fail at 1500 ms",
    "the slope changes at 300 ms",
  ]);
  equal(others.length, 0);
  const [jump] = cliffParts(cliffDrawing(
    cliffOf({
      breaksAt: null,
      bend: null,
      jump: { at: estimate(900, 5), by: estimate(100, 5) },
    }),
    findAnswer({ budget: null }),
  ));
  deepEqual(jump.layer[0].encoding.color.scale?.domain, [
    "median LCP with interval",
    "LCP jumps at 900 ms",
  ]);
});

Deno.test("loads that failed have a drawing of their own below the curve", () => {
  const points = [
    { level: 0, figure: estimate(1000, 5), loads: 2, failed: 0 },
    { level: 10, figure: null, loads: 4, failed: 3 },
  ];
  const [curve, failed] = cliffParts(
    cliffDrawing(cliffOf({ points, bend: null }), findAnswer()),
  );
  equal(curve.layer[4].data.values.length, 1);
  deepEqual(failed.data.values, [
    { level: 0, share: 0 },
    { level: 10, share: 75 },
  ]);
});

Deno.test("the line of a cliff has its bend, along a bandwidth as the bytes take time", () => {
  const lineOf = (cliff: ReturnType<typeof cliffOf>) =>
    cliffParts(cliffDrawing(cliff, findAnswer()))[0].layer[3].data.values;
  const point = (level: number, value: number) => ({
    level,
    figure: estimate(value, 1),
    loads: 1,
    failed: 0,
  });
  deepEqual(
    lineOf(cliffOf({
      points: [
        point(0, 100),
        point(100, 100),
        point(300, 300),
        point(400, 400),
      ],
      bend: {
        at: estimate(100, 5),
        before: estimate(0, 0),
        after: estimate(1, 0),
      },
    })),
    [
      { level: 0, value: 100 },
      { level: 100, value: 100 },
      { level: 100, value: 100 },
      { level: 300, value: 300 },
      { level: 400, value: 400 },
    ],
  );
  // 100 bytes at 1000 B/s take 100 ms.
  deepEqual(
    lineOf(cliffOf({
      unit: "B/s",
      points: [point(500, 300), point(1000, 200), point(2000, 200)],
      bend: {
        at: estimate(1000, 5),
        before: estimate(100, 0),
        after: estimate(0, 0),
      },
    })),
    [
      { level: 500, value: 300 },
      { level: 1000, value: 200 },
      { level: 1000, value: 200 },
      { level: 2000, value: 200 },
    ],
  );
});

Deno.test("the waterfall has the colour of each route's verdict, and lines that do not squeeze it", () => {
  const { layer: [bars, lines] } = drawingOf(waterfallDrawing(findAnswer()));
  deepEqual(bars.data.values.map(({ row, verdict }) => [row, verdict]), [
    ["1  localhost/", "not varied"],
    ["2  GET /api/session /api/session", "critical"],
    ["3  cart /api/cart?id=1", "partly"],
    ["4  recommendations /api/recommendations", "hidden"],
  ]);
  deepEqual(lines.data.values.map(({ mark }) => mark), ["LCP 1240 ms"]);
  const { budget } = findAnswer();
  const near = drawingOf(waterfallDrawing(findAnswer({
    budget: budget && { ...budget, limit: 1300 },
  })));
  deepEqual(near.layer[1].data.values.map(({ mark }) => mark), [
    "LCP 1240 ms",
    "budget 1.3 s",
  ]);
  const odd = drawingOf(waterfallDrawing(findAnswer({
    budget: null,
    waterfall: [{ url: "no url", route: null, start: 0, end: 1 }],
  })));
  deepEqual(odd.layer[0].data.values.map(({ row }) => row), ["1  no url"]);
});

Deno.test("the library has nothing to say about any drawing", async () => {
  const answer = findAnswer();
  for (
    const spec of [
      slopesDrawing(answer),
      waterfallDrawing(answer),
      waterfallDrawing({ ...answer, budget: null }),
      cliffDrawing(cliffOf(), answer),
      cliffDrawing(
        cliffOf({ unit: "B/s", points: cliffOf().points.slice(1) }),
        answer,
      ),
      cliffDrawing(
        cliffOf({ points: cliffOf().points.slice(0, 1), bend: null }),
        answer,
      ),
      cliffDrawing(cliffOf({ unit: "" }), answer),
      sweepDrawing(sweepAnswer()),
      sweepDrawing(sweepAnswer({ budget: null })),
    ]
  ) {
    deepEqual(await warningsOf(spec), []);
  }
});
