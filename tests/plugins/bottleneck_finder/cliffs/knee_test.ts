import { deepEqual, equal, ok } from "node:assert/strict";
import { sweptRoutes } from "../../../../plugins/bottleneck_finder/cliffs/knee.ts";
import { randomOf } from "./_random.ts";

const FACTORS = [1, 2, 4, 8];

function sweep(
  pages: Readonly<Record<string, (time: number) => number | undefined>>,
  budget: number | null = null,
  responseTime: number | null = 100,
  replicates = 5,
) {
  const { next, normal } = randomOf(1);
  return sweptRoutes(
    Object.entries(pages).map(([route, page]) => ({
      route,
      responseTime,
      figures: FACTORS.map((factor) =>
        Array.from(
          { length: replicates },
          () => page(factor * (responseTime ?? 1)),
        )
          .flatMap((figure) =>
            figure === undefined ? [] : figure + 5 * normal()
          )
      ),
    })),
    { factors: FACTORS, budget, confidence: 0.95, next },
  );
}

Deno.test("a sweep finds the knee, the first factor above the budget, and the order of the routes", () => {
  const [parallel, straight] = sweep({
    straight: (time) => 900 + 0.1 * time,
    parallel: (time) => Math.max(1000, 750 + time),
  }, 1200);
  deepEqual([parallel.route, straight.route], ["parallel", "straight"]);
  ok(parallel.knee !== null);
  ok(parallel.knee.low <= 250 && parallel.knee.high >= 250);
  ok(
    parallel.knee.high - parallel.knee.low < 60,
    JSON.stringify(parallel.knee),
  );
  equal(parallel.breaks, 8);
  deepEqual([straight.knee, straight.breaks], [null, null]);
  const figures = parallel.figures.map((figure) =>
    Math.round((figure?.value ?? 0) / 25) * 25
  );
  deepEqual(figures, [1000, 1000, 1150, 1550]);
});

Deno.test("a figure that grows more slowly has no knee", () => {
  const [route] = sweep({ saturated: (time) => Math.min(1400, 900 + time) });
  equal(route.knee, null);
});

Deno.test("what was not measured is null, and comes last", () => {
  const [, half, none] = sweep({
    none: () => undefined,
    half: (time) => time > 200 ? undefined : 1000 + time,
    whole: (time) => 1000 + time,
  }, 900);
  deepEqual([half.route, none.route], ["half", "none"]);
  deepEqual(half.figures.map((figure) => figure === null), [
    false,
    false,
    true,
    true,
  ]);
  equal(half.breaks, 1);
  deepEqual(none, {
    route: "none",
    responseTime: 100,
    figures: [null, null, null, null],
    knee: null,
    breaks: null,
    errors: null,
  });
});

Deno.test("a route that answers at once has no knee", () => {
  const [route] = sweep({ instant: () => 1000 }, null, 0);
  equal(route.knee, null);
});

Deno.test("the knee of the processor is a factor", () => {
  const [cpu] = sweep(
    { cpu: (factor) => Math.max(1000, 500 + 200 * factor) },
    null,
    null,
  );
  equal(cpu.responseTime, null);
  ok(cpu.knee !== null && Math.abs(cpu.knee.value - 2.5) < 0.3);
});
