import { deepEqual, equal, ok } from "node:assert/strict";
import {
  Design,
  findChange,
  fitSegments,
  type LevelFigure,
} from "../../../../plugins/bottleneck_finder/cliffs/piecewise.ts";
import { bent, levelsOf, measured } from "./_pages.ts";
import { randomOf } from "./_random.ts";

/** Sum of squares of the best two segments that meet at a level, by Gaussian elimination. */
function squaresAt(points: readonly LevelFigure[], at: number): number {
  const rows = points.map(({ level, figure }) => ({
    terms: [1, level - at, Math.max(0, level - at)],
    figure,
  }));
  const equations = [0, 1, 2].map((i) => [
    ...[0, 1, 2].map((j) =>
      rows.reduce((sum, { terms }) => sum + terms[i] * terms[j], 0)
    ),
    rows.reduce((sum, { terms, figure }) => sum + terms[i] * figure, 0),
  ]);
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      if (j === i) continue;
      const factor = equations[j][i] / equations[i][i];
      equations[j] = equations[j].map((v, k) => v - factor * equations[i][k]);
    }
  }
  const solution = equations.map((row, i) => row[3] / row[i]);
  return rows.reduce(
    (sum, { terms, figure }) =>
      sum +
      (figure - terms.reduce((s, term, i) => s + term * solution[i], 0)) ** 2,
    0,
  );
}

Deno.test("the fit has the least squares of all places of the bend", () => {
  const { next, normal } = randomOf(1);
  for (let run = 0; run < 40; run++) {
    const levels = levelsOf(3 + run % 7, 1 + run % 3);
    const page = bent(1000 * next(), next(), 2 * next());
    const points = measured(levels, (level) => page(level) + 100 * normal());
    const { segments, lineSquares, line } = new Design(levels)
      .fit(points.map(({ figure }) => figure));
    const inner = levels.toSorted((a, b) => a - b).filter((level) =>
      level > 0 && level < 1000
    );
    const [from, to] = [Math.min(...inner), Math.max(...inner)];
    const grid = Array.from(
      { length: 401 },
      (_, i) => squaresAt(points, from + (to - from) * i / 400),
    );
    const least = Math.min(...grid);
    ok(segments.squares <= least * (1 + 1e-9) + 1e-9, `run ${run}`);
    ok(segments.squares >= least - 1e-3 * lineSquares, `run ${run}`);
    const straight = points.reduce(
      (sum, { level, figure }) =>
        sum + (figure - line.value - line.slope * level) ** 2,
      0,
    );
    ok(Math.abs(straight - lineSquares) < 1e-6 * lineSquares);
  }
});

Deno.test("a bend without noise is found exactly, between levels and at one", () => {
  for (const at of [437, 500]) {
    const points = measured(levelsOf(9, 2), bent(at, 0.1, 1.2));
    const { bend: found } = findChange(points, {
      confidence: 0.95,
      next: randomOf(1).next,
    });
    for (
      const [estimate, truth] of [
        [found?.at, at],
        [found?.before, 0.1],
        [found?.after, 1.2],
      ] as const
    ) {
      for (const value of Object.values(estimate ?? { value: NaN })) {
        ok(Math.abs(value - truth) < 1e-6, `${value} for ${truth}`);
      }
    }
  }
});

Deno.test("one line has no bend, with noise and without", () => {
  const { next, normal } = randomOf(2);
  const options = { confidence: 0.95, next, samples: 99 };
  for (const slope of [0, 0.7]) {
    const page = (level: number) => 300.1 + slope * level;
    deepEqual(findChange(measured(levelsOf(7, 2), page), options), {});
    for (const replicates of [2, 5]) {
      const points = measured(
        levelsOf(4, replicates),
        (level) => page(level) + 20 * normal(),
      );
      deepEqual(findChange(points, options), {});
    }
  }
});

Deno.test("outliers do not move the bend", () => {
  const { next, normal } = randomOf(4);
  const page = bent(600, 0, 1);
  const points = measured(
    levelsOf(11, 3),
    (level) => page(level) + 5 * normal(),
  )
    .map((point, i) =>
      i % 9 === 4 ? { ...point, figure: point.figure + 900 } : point
    );
  const { bend: found } = findChange(points, { confidence: 0.95, next });
  ok(found !== undefined);
  ok(Math.abs(found.at.value - 600) < 25, `${found.at.value}`);
  ok(Math.abs(found.before.value) < 0.05, `${found.before.value}`);
  ok(Math.abs(found.after.value - 1) < 0.05, `${found.after.value}`);
  const fit = fitSegments(points);
  ok(fit !== undefined && fit.deviation < 15, `${fit?.deviation}`);
});

Deno.test("a segment with one level leaves the place of the bend open", () => {
  const { next } = randomOf(5);
  const points = measured(
    [100, 200, 400, 800].flatMap((level) => [level, level, level]),
    (level) => level === 100 ? 1095 : 900 + level,
  ).map((point, i) => ({ ...point, figure: point.figure + i % 3 }));
  const { bend: found } = findChange(points, { confidence: 0.95, next });
  ok(found !== undefined);
  deepEqual(
    [found.at.value, found.at.low, Math.round(found.at.high / 10)],
    [200, 100, 20],
  );
});

Deno.test("with three levels a bend is somewhere between the outer ones", () => {
  const { next } = randomOf(6);
  const points = measured(levelsOf(3, 6), bent(500, 0, 1))
    .map((point, i) => ({ ...point, figure: point.figure + i % 2 }));
  const { bend: found } = findChange(points, { confidence: 0.95, next });
  deepEqual([found?.at.low, found?.at.high], [0, 1000]);
});

Deno.test("too few levels or figures have no bend", () => {
  const options = { confidence: 0.95, next: randomOf(7).next };
  for (const levels of [[], [1, 2, 3, 4], [1, 1, 1, 2, 2, 2]]) {
    deepEqual(findChange(measured(levels, (level) => level ** 2), options), {});
  }
});

Deno.test("a jump without noise is found exactly", () => {
  const points = measured(levelsOf(11, 2), (level) => level > 640 ? 1500 : 500);
  const { jump } = findChange(points, {
    confidence: 0.95,
    next: randomOf(9).next,
  });
  ok(jump !== undefined);
  deepEqual(Object.values(jump.at).map(Math.round), [650, 600, 700]);
  deepEqual(Object.values(jump.by).map(Math.round), [1000, 1000, 1000]);
});

Deno.test("a last level that is far off is no jump: the figure may bend anywhere before it", () => {
  const { next, normal } = randomOf(10);
  const points = measured(levelsOf(9, 2), (level) => 500 + level + 5 * normal())
    .map((point) => point.level === 1000 ? { ...point, figure: 4000 } : point);
  const { bend, jump } = findChange(points, { confidence: 0.95, next });
  equal(jump, undefined);
  ok(bend !== undefined);
  deepEqual([Math.round(bend.at.low), bend.at.high], [875, 1000]);
});
