// Runs without the profiler: computes much.
import { equal, ok } from "node:assert/strict";
import { findChange } from "../../../../plugins/bottleneck_finder/cliffs/piecewise.ts";
import { medians } from "../../../../plugins/bottleneck_finder/cliffs/summaries.ts";
import { Threshold } from "../../../../plugins/bottleneck_finder/cliffs/threshold.ts";
import { bent, levelsOf, measured, parallel, run, searchOf } from "./_pages.ts";
import { randomOf } from "./_random.ts";

Deno.test("a line with noise is taken for changed as seldom as promised", () => {
  const { next, normal } = randomOf(2);
  const options = { confidence: 0.95, next, samples: 99 };
  for (const [count, replicates] of [[4, 2], [4, 3], [8, 2], [24, 1]]) {
    let claimed = 0;
    for (let run = 0; run < 200; run++) {
      const points = measured(
        levelsOf(count, replicates),
        (level) => 500 + 0.5 * level + 20 * normal(),
      );
      if (Object.keys(findChange(points, options)).length > 0) claimed++;
    }
    // 10 are expected; 20 or more have a probability of 0.3 %.
    ok(claimed < 20, `${claimed} of 200 with ${count} levels`);
  }
});

Deno.test("the interval of a bend contains the truth as often as promised", () => {
  const { next, normal } = randomOf(3);
  const page = bent(420, 0.1, 1);
  const contained = { at: 0, before: 0, after: 0 };
  const runs = 200;
  let bends = 0;
  for (let run = 0; run < runs; run++) {
    const points = measured(
      levelsOf(10, 3),
      (level) => page(level) + 25 * normal(),
    );
    const { bend: found } = findChange(points, {
      confidence: 0.95,
      next,
      samples: 199,
    });
    if (found === undefined) continue;
    bends++;
    const truths = { at: 420, before: 0.1, after: 1 };
    for (const key of ["at", "before", "after"] as const) {
      const { low, high } = found[key];
      if (low <= truths[key] && truths[key] <= high) contained[key]++;
    }
  }
  for (const [key, count] of Object.entries(contained)) {
    // 95 % are expected.
    ok(count >= 0.88 * bends, `${key}: ${count} of ${bends}`);
  }
});

Deno.test("a jump is a jump, and a bend is a bend", () => {
  const { next, normal } = randomOf(8);
  const options = { confidence: 0.95, next, samples: 199 };
  const runs = 40;
  const found = { jumps: 0, places: 0, sizes: 0, bends: 0 };
  for (let run = 0; run < runs; run++) {
    const noise = () => 20 * normal();
    const { jump } = findChange(
      measured(
        levelsOf(11, 3),
        (level) => 500 + 0.3 * level + (level > 640 ? 250 : 0) + noise(),
      ),
      options,
    );
    if (jump !== undefined) {
      found.jumps++;
      if (jump.at.low <= 640 && jump.at.high >= 640) found.places++;
      if (jump.by.low <= 250 && jump.by.high >= 250) found.sizes++;
    }
    const { bend } = findChange(
      measured(levelsOf(11, 3), (level) => bent(400, 0, 1)(level) + noise()),
      options,
    );
    if (bend !== undefined) found.bends++;
  }
  // 38 bends and intervals of sizes are expected; fewer than 34 have a probability of 1.4 %.
  ok(found.jumps === runs && found.places === runs, JSON.stringify(found));
  ok(found.sizes >= 34 && found.bends >= 34, JSON.stringify(found));
});

Deno.test("medians() give an interval that contains the truth as often as promised, with few figures and with many", () => {
  for (const size of [3, 12]) {
    const { next, normal } = randomOf(size);
    let contained = 0;
    for (let run = 0; run < 100; run++) {
      const groups = Array.from(
        { length: 4 },
        (_, place) => Array.from({ length: size }, () => 10 * place + normal()),
      );
      const found = medians(groups, [0, 1, 2, 3], 0.95, next);
      for (const [place, estimate] of found.entries()) {
        if (estimate === null) continue;
        const { low, high } = estimate;
        if (low <= 10 * place && high >= 10 * place) contained++;
      }
    }
    ok(contained >= 360, `${contained} of 400`);
  }
});

Deno.test("the interval contains the threshold as often as promised, also where trials have other causes", () => {
  for (const lapse of [0, 0.06]) {
    const { next, normal } = randomOf(lapse === 0 ? 1 : 2);
    let contained = 0;
    for (let run = 0; run < 40; run++) {
      const truth = 0.1 + 0.8 * next();
      const threshold = new Threshold();
      for (let trial = 0; trial < 24; trial++) {
        const place = Math.max(0, Math.min(1, threshold.quantile(next())));
        const failed = place + 0.05 * normal() > truth;
        threshold.add(place, next() < lapse ? next() < 0.5 : failed);
      }
      if (
        threshold.quantile(0.025) <= truth && threshold.quantile(0.975) >= truth
      ) {
        contained++;
      }
    }
    // 38 are expected; fewer than 34 have a probability of 1.4 %.
    ok(contained >= 34, `${contained} of 40`);
  }
});

Deno.test("the search finds where a budget breaks and where the slope changes", () => {
  let breaks = 0;
  let bends = 0;
  const runs = 30;
  for (let seed = 0; seed < runs; seed++) {
    const { search, normal } = searchOf(seed, { limit: 1640 });
    const levels = run(
      search,
      (level) => ({ figure: parallel(level) + 25 * normal() }),
    );
    ok(levels.length <= 48);
    const { breaksAt, failsAt, bend } = search.answer();
    equal(failsAt, null);
    ok(breaksAt !== null && bend !== null, `seed ${seed}`);
    ok(breaksAt.high - breaksAt.low < 160, JSON.stringify(breaksAt));
    ok(bend.at.high - bend.at.low < 200, JSON.stringify(bend));
    if (breaksAt.low <= 940 && 940 <= breaksAt.high) breaks++;
    if (bend.at.low <= 300 && 300 <= bend.at.high) bends++;
  }
  // 28.5 are expected of each.
  ok(breaks >= 25, `${breaks} of ${runs}`);
  ok(bends >= 25, `${bends} of ${runs}`);
});

Deno.test("pages whose figure does not depend on the dial show a bend as seldom as promised", () => {
  let claimed = 0;
  const runs = 60;
  for (let seed = 0; seed < runs; seed++) {
    const { search, normal } = searchOf(100 + seed, { loads: 30 });
    run(search, () => ({ figure: 1000 + 25 * normal() }));
    if (search.answer().bend !== null) claimed++;
  }
  // 3 are expected; more than 8 have a probability of 0.3 %.
  ok(claimed <= 8, `${claimed} of ${runs}`);
});
