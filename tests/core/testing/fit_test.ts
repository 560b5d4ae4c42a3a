import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { AssertionError } from "node:assert";
import { createStream } from "../../../core/lib/random/mod.ts";
import { PerfmockError, type Plugin } from "../../../core/plugin.ts";
import {
  assertFollows,
  compareTimes,
  compileDistribution,
  createTestServer,
  valuesNeeded,
} from "../../../core/testing.ts";
import { errorOf } from "../../support/errors.ts";

const SLOW = "lognormal(median=120ms, p99=800ms)";

async function times(
  written: unknown,
  count: number,
  factor = 1,
): Promise<number[]> {
  const distribution = await compileDistribution(written);
  const stream = createStream([11, 13], "fit");
  return Array.from(
    { length: count },
    (_, i) => factor * distribution.draw(stream, i),
  );
}

/** Message of the assertion error that is thrown. */
async function messageOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    ok(error instanceof AssertionError, `${error}`);
    return error.message;
  }
  throw new Error("Nothing was thrown");
}

Deno.test("assertFollows() accepts the times of a server, and returns the figures in words too", async () => {
  await using server = await createTestServer({
    routes: [{ path: "/", serviceTime: SLOW }],
  });
  const measured = await server.measure("/", 1000);
  const report = await assertFollows(measured, SLOW);
  const { follows, count, ks, quantiles, notices, summary } = report;
  deepEqual([follows, count], [true, 1000]);
  ok(ks !== undefined && ks.distance < ks.critical);
  deepEqual(quantiles.map(({ p }) => p), [0.5, 0.9, 0.99]);
  ok(notices.slower !== null && notices.slower < 0.2, `${notices.slower}`);
  match(
    summary,
    /^1000 values follow the distribution \(lognormal\)\n {2}shares: at most [\d.]+ % apart, [\d.]+ % are allowed\n {2}p50: \d+(\.\d+)? ms, expected 120 ms\n {2}p90: [^;]+\n {2}p99: [^;]+ expected 800 ms\n {2}1000 values would show all times longer by [\d.]+ %, or shorter by [\d.]+ %, with a probability of 90 %$/,
  );
});

Deno.test("assertFollows() refuses times that are longer, with the figures that show it", async () => {
  const message = await messageOf(
    assertFollows(await times(SLOW, 1000, 1.4), SLOW),
  );
  match(message, /^1000 values do not follow the distribution \(lognormal\)$/m);
  match(
    message,
    /^ {2}shares: [\d.]+ % of the values are at most [\d.]+ ms, expected [\d.]+ %; [\d.]+ % apart, [\d.]+ % are allowed \(by chance: less than 0.01 %\)$/m,
  );
  match(
    message,
    /^ {2}p50: [\d.]+ ms, expected 120 ms; [\d.]+ % of the values are above that, expected 50 % \(by chance: less than 0.01 %\)$/m,
  );
});

Deno.test("assertFollows() finds a tail in its percentiles that the shares hide", async () => {
  // One in twenty-five takes five times as long.
  const measured = (await times(SLOW, 2000)).map((time, i) =>
    i % 25 === 0 ? 5 * time : time
  );
  const { follows } = await compareTimes(measured, SLOW, { by: ["ks"] });
  equal(follows, true);
  const message = await messageOf(assertFollows(measured, SLOW));
  match(
    message,
    /^ {2}p99: .*; [\d.]+ % of the values are above that, expected 1 %/m,
  );
  match(message, /^ {2}shares: at most/m);
});

Deno.test("assertFollows() refuses too few values, and says how many the deviation needs", async () => {
  const few = await times(SLOW, 50);
  const error = await errorOf(() => assertFollows(few, SLOW));
  equal(error.code, "ARGUMENT_INVALID");
  match(
    error.message,
    /^Cannot compare times with a distribution: 50 values would not show times 50 % longer, or shorter by that factor, with a probability of 90 %; \d+ would$/,
  );
  const needed = Number(/(\d+) would$/.exec(error.message)?.[1]);
  equal(error.issues[0].value, 50);
  equal(await valuesNeeded(SLOW), needed);
  const { notices } = await assertFollows(await times(SLOW, needed), SLOW);
  ok(Math.max(notices.slower ?? 9, notices.faster ?? 9) <= 0.5);
  // Less is asked: these are enough.
  await assertFollows(few, SLOW, { notice: 3 });
});

Deno.test("assertFollows() first says that values deviate, even if they are few", async () => {
  const message = await messageOf(
    assertFollows(await times(SLOW, 20, 10), SLOW),
  );
  match(message, /^20 values do not follow/);
});

Deno.test("assertFollows() grants lateness by `tolerance`, and none by default", async () => {
  const late = Array.from({ length: 50 }, (_, i) => 120 + i / 100);
  match(
    await messageOf(assertFollows(late, "120ms")),
    /^50 values do not follow the distribution \(constant\)/,
  );
  const { notices } = await assertFollows(late, "120ms", {
    tolerance: "500us",
  });
  ok((notices.slower ?? 1) < 0.01);
  const error = await errorOf(() =>
    assertFollows(late, "120ms", { tolerance: "1m" })
  );
  match(error.message, /no number of values up to 10 million would$/);
  match(error.issues[0].allowed ?? "", /smaller `tolerance`/);
});

Deno.test("assertFollows() reads families and profiles of plugins and of a configuration", async () => {
  const plugin: Plugin = {
    name: "rayleigh",
    version: "1.0.0",
    contributes: {
      families: [{
        name: "rayleigh",
        parameters: ({ z, duration }) => z.strictObject({ sigma: duration() }),
        create: (given) => ({
          quantile: (u: number) =>
            (given as { readonly sigma: number }).sigma *
            Math.sqrt(-2 * Math.log1p(-u)),
        }),
      }],
    },
  };
  const stream = createStream([5, 8], "rayleigh");
  const measured = Array.from(
    { length: 500 },
    (_, i) => 20 * Math.sqrt(-2 * Math.log(stream.uniform(i))),
  );
  await assertFollows(measured, "rayleigh(sigma=20ms)", { plugins: [plugin] });
  await assertFollows(measured, "quick", {
    plugins: [plugin],
    config: {
      plugins: {
        distributions: { profiles: { quick: { rayleigh: { sigma: 20 } } } },
      },
    },
    folder: ".",
  });
  const error = await errorOf(() =>
    assertFollows(measured, "raylegh(sigma=2)")
  );
  equal(error.code, "CONFIG_INVALID");
});

Deno.test("A distribution that can only be sampled is compared by its shares, with their error allowed for", async () => {
  const plugin: Plugin = {
    name: "dice",
    version: "1.0.0",
    contributes: {
      families: [{
        name: "dice",
        parameters: ({ z }) => z.strictObject({}),
        create: () => ({
          sample: (next: () => number) => 10 * (next() + next() + next()),
        }),
      }],
    },
  };
  const options = { plugins: [plugin] };
  const dice = await compileDistribution("dice()", options);
  const stream = createStream([1, 1], "dice");
  const measured = Array.from({ length: 2000 }, (_, i) => dice.draw(stream, i));
  const { ks, quantiles } = await assertFollows(measured, dice);
  equal(quantiles.length, 0);
  ok(ks !== undefined && ks.critical > Math.sqrt(Math.log(2 / 0.001) / 4000));
  await rejects(
    assertFollows(measured.map((time) => 1.2 * time), dice),
    AssertionError,
  );
  const error = await errorOf(() =>
    assertFollows(measured, dice, { by: ["quantiles"] })
  );
  match(error.message, /the distribution can only be sampled/);
});

const WRONG: readonly (readonly [string, RegExp, () => Promise<unknown>])[] = [
  ["no values", /There are no times$/, () => assertFollows([], SLOW)],
  [
    "NaN",
    /Expected a time, received NaN$/,
    () => assertFollows([1, NaN], SLOW),
  ],
  ["a negative time", /received -1$/, () => assertFollows([-1], SLOW)],
  [
    "an infinite time",
    /received Infinity$/,
    () => compareTimes([Infinity], SLOW),
  ],
  ["no test", /No test is named$/, () => assertFollows([1], SLOW, { by: [] })],
  [
    "no percentile",
    /No percentile is left to compare/,
    () => assertFollows([1], SLOW, { by: ["quantiles"], quantiles: [] }),
  ],
];

for (const [name, message, run] of WRONG) {
  Deno.test(`assertFollows() called wrongly is an error with an issue: ${name}`, async () => {
    const error = await errorOf(run);
    ok(error instanceof PerfmockError);
    equal(error.code, "ARGUMENT_INVALID");
    match(error.message, message);
    equal(error.issues.length, 1);
    ok(error.issues[0].allowed);
  });
}

Deno.test("One value is written in the singular", async () => {
  match(
    (await errorOf(() => assertFollows([120], SLOW))).message,
    /: 1 value would not show times 50 % longer/,
  );
  const { summary } = await compareTimes([120], SLOW);
  match(summary, /^1 value follows the distribution/);
  match(summary, /1 value would show no longer times, or no shorter ones/);
  const { summary: deviates } = await compareTimes([1e9], SLOW, {
    alpha: 0.5,
    by: ["quantiles"],
    quantiles: [0.01],
  });
  match(deviates, /^1 value follows/);
  const { summary: other } = await compareTimes([1e9], SLOW, {
    alpha: 0.5,
    by: ["quantiles"],
    quantiles: [0.99],
  });
  match(other, /^1 value does not follow/);
});
