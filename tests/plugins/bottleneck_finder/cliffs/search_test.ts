import { deepEqual, equal, ok } from "node:assert/strict";
import { CliffSearch } from "../../../../plugins/bottleneck_finder/cliffs/search.ts";
import { parallel, run, searchOf } from "./_pages.ts";
import { randomOf } from "./_random.ts";

Deno.test("loads go where they tell most: near the threshold and the bend", () => {
  const { search, normal } = searchOf(1, { limit: 1640 });
  const levels = run(
    search,
    (level) => ({ figure: parallel(level) + 10 * normal() }),
  ).slice(18);
  const near = (place: number) =>
    levels.filter((level) => Math.abs(level - place) <= 150).length;
  ok(near(940) >= 5, `${near(940)} near the threshold`);
  ok(near(300) >= 5, `${near(300)} near the bend`);
});

Deno.test("the search finds where loads fail, by a check or without a figure", () => {
  for (const figure of [undefined, 400]) {
    const { search } = searchOf(2);
    run(search, (level) => ({
      figure: level > 750 ? figure : 400,
      ok: level <= 750,
    }));
    const { breaksAt, failsAt, bend, points } = search.answer();
    equal(breaksAt, null);
    equal(bend, null);
    ok(failsAt !== null && failsAt.low <= 750 && failsAt.high >= 750);
    ok(failsAt.high - failsAt.low <= 40, JSON.stringify(failsAt));
    const last = points[points.length - 1];
    deepEqual([last.level, last.failed], [2000, last.loads]);
    equal(last.figure === null, figure === undefined);
  }
});

Deno.test("a page without a figure is not in time", () => {
  const { search } = searchOf(3, { limit: 900 });
  run(search, (level) => ({ figure: level > 750 ? undefined : 400 }));
  const { breaksAt, failsAt } = search.answer();
  ok(breaksAt !== null && failsAt !== null);
  ok(Math.abs(breaksAt.value - 750) < 20 && Math.abs(failsAt.value - 750) < 20);
});

Deno.test("a threshold at the first level is there, one behind the last is none", () => {
  for (const [limit, wanted] of [[500, 0], [9000, null]] as const) {
    const { search, normal } = searchOf(4, { limit });
    run(search, (level) => ({ figure: parallel(level) + 10 * normal() }));
    const { breaksAt } = search.answer();
    equal(breaksAt === null ? null : breaksAt.value, wanted);
  }
});

Deno.test("a search of a sharp threshold ends before its loads are used up", () => {
  const { search } = searchOf(5, { limit: 1640, loads: 200 });
  const levels = run(search, (level) => ({ figure: parallel(level) }));
  ok(levels.length < 100, `${levels.length} loads`);
  const { breaksAt, bend } = search.answer();
  ok(breaksAt !== null && Math.abs(breaksAt.value - 940) <= 10);
  ok(bend !== null && Math.abs(bend.at.value - 300) < 1);
});

Deno.test("levels of a search of whole numbers are whole, also downwards", () => {
  const { search, normal } = searchOf(6, {
    from: 16,
    to: 1,
    whole: true,
    limit: 1500,
  });
  // Six calls share the places of a pool.
  const levels = run(search, (level) => ({
    figure: 400 + 300 * Math.ceil(6 / level) + 10 * normal(),
  }));
  ok(
    levels.every((level) =>
      Number.isInteger(level) && level >= 1 && level <= 16
    ),
  );
  const { breaksAt, points } = search.answer();
  // 3 places take 1000 ms, 2 take 1300, 1 takes 2200.
  deepEqual(breaksAt, { value: 1, low: 1, high: 1 });
  deepEqual(
    points.map(({ level }) => level),
    [...new Set(levels)].sort((a, b) => a - b),
  );
});

Deno.test("a share has steps of its own size", () => {
  const { search, normal } = searchOf(7, { from: 0, to: 1, limit: 1000 });
  const levels = run(search, (level) => ({
    figure: 500 + 800 * level + 15 * normal(),
  }));
  ok(levels.every((level) => level === Number(level.toFixed(3))));
  const { breaksAt } = search.answer();
  ok(breaksAt !== null && Math.abs(breaksAt.value - 0.625) < 0.05);
});

Deno.test("the same seed gives the same plan, another seed another one", () => {
  const plan = (seed: number) => {
    const { search, normal } = searchOf(seed, { limit: 1640 });
    return run(
      search,
      (level) => ({ figure: parallel(level) + 25 * normal() }),
    );
  };
  deepEqual(plan(8), plan(8));
  ok(plan(8).join() !== plan(9).join());
});

Deno.test("a search never makes more loads than allowed, and answers with what it has", () => {
  for (const loads of [0, 1, 5]) {
    const { search } = searchOf(10, { loads, limit: 1640 });
    equal(run(search, (level) => ({ figure: parallel(level) })).length, loads);
    const { points, bend, breaksAt } = search.answer();
    equal(points.reduce((sum, { loads }) => sum + loads, 0), loads);
    // Three levels without noise already show the bend.
    equal(bend === null, loads < 5);
    if (loads === 0) equal(breaksAt, null);
  }
});

Deno.test("the search closes in on a jump", () => {
  const { search, normal } = searchOf(11);
  run(search, (level) => ({
    figure: 800 + 0.1 * level + (level > 1234 ? 900 : 0) + 15 * normal(),
  }));
  const { jump, bend } = search.answer();
  equal(bend, null);
  ok(jump !== null);
  ok(jump.at.low <= 1234 && jump.at.high >= 1234, JSON.stringify(jump));
  ok(jump.at.high - jump.at.low <= 40, JSON.stringify(jump));
  ok(jump.by.low <= 900 && jump.by.high >= 900, JSON.stringify(jump));
});

Deno.test("a search along a bandwidth finds the bytes that the figure waits for", () => {
  const { search, normal } = searchOf(12, {
    from: 1e7,
    to: 1e5,
    reciprocal: true,
    limit: 1000,
  });
  // 120 KB beside a call of 600 ms.
  run(search, (level) => ({
    figure: 300 + Math.max(600, 1000 * 120_000 / level) + 10 * normal(),
  }));
  const { bend, breaksAt, jump } = search.answer();
  equal(jump, null);
  ok(bend !== null && breaksAt !== null);
  ok(bend.at.low < 200_000 && bend.at.high > 200_000, JSON.stringify(bend));
  ok(bend.before.low < 120_000 && bend.before.high > 120_000);
  ok(Math.abs(bend.after.value) < 12_000, JSON.stringify(bend));
  ok(
    breaksAt.low < 171_429 && breaksAt.high > 171_429,
    JSON.stringify(breaksAt),
  );
});

Deno.test("where all levels were tried, those with the fewest loads come next", () => {
  const { search, normal } = searchOf(13, { from: 1, to: 4, whole: true });
  run(search, () => ({ figure: 900 + 10 * normal() }));
  deepEqual(search.answer().points.map(({ loads }) => loads), [12, 12, 12, 12]);
});

Deno.test("a page without noise has the level at which its budget breaks, whatever is drawn", () => {
  for (let seed = 0; seed < 12; seed++) {
    const search = new CliffSearch({
      from: 0,
      to: 600,
      limit: 400,
      loads: 30,
      confidence: 0.95,
      next: randomOf(seed).next,
    });
    for (
      let level = search.nextLevel();
      level !== undefined;
      level = search.nextLevel()
    ) search.add(level, { figure: 160 + level, ok: true });
    const { breaksAt } = search.answer();
    ok(breaksAt !== null && Math.abs(breaksAt.value - 240) < 10, `${seed}`);
  }
});
