import { deepEqual, doesNotMatch, equal, match } from "node:assert/strict";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

Deno.test("explain prints mean, deviation, percentiles, and the number of requests needed to read them", async () => {
  const { status, out, err } = await cli("explain", "exponential(mean=30ms)");
  deepEqual([status, err], [0, ""]);
  match(out, /^mean {16}30 ms\nstandard deviation {2}30 ms\n\n/);
  deepEqual(
    out.matchAll(/^p([\d.]+) +([\d.]+) ms$/gm).map(([, p]) => p).toArray(),
    [1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 99.99].map(String),
  );
  match(out, /^p99 {5}138\.155 ms$/m);
  match(out, /^p50 {5}19988\np95 {5}20340\np99 {5}44900$/m);
  match(
    out,
    /exact: one whole block, 200 by default, with a mean of 30 ms \(0\.00 % from the mean\)\n$/,
  );
});

Deno.test("explain prints a histogram of all values, with bars of equal width", async () => {
  const { out } = await cli("explain", "uniform(min=0ms, max=100ms)");
  const bars = out.matchAll(/^ +(≥?)([\d.]+) ms (█+) ([\d.]+) %$/gm).toArray();
  equal(bars.length, 21);
  equal(bars[20][1], "≥");
  const sum = bars.reduce((sum, [, , , , share]) => sum + Number(share), 0);
  equal(Math.round(sum), 100);
  const lengths = bars.slice(0, 20).map(([, , , bar]) => bar.length);
  equal(Math.max(...lengths), 50);
  equal(Math.min(...lengths) > 40, true);
});

Deno.test("explain accepts JSON, durations, the text form and names of profiles", async () => {
  await using folder = await folderWith({
    "c.yaml": `control: { token: secret }
plugins: { distributions: { profiles: { quick: { uniform: { min: 1, max: 3 } } } } }
`,
  });
  const explain = async (text: string) => {
    const { status, out } = await cli(
      "explain",
      text,
      "--config",
      `${folder.path}/c.yaml`,
    );
    equal(status, 0);
    return out;
  };
  const wanted = await explain("quick");
  match(wanted, /^mean {16}2 ms\n/);
  equal(await explain('{"uniform": {"min": 1, "max": "3ms"}}'), wanted);
  equal(await explain("uniform(min=1ms, max=3ms)"), wanted);
  const constant = await explain("120ms");
  match(constant, /^all at 120 ms$/m);
});

Deno.test("explain prints infinite moments and warnings", async () => {
  const { out } = await cli("explain", "pareto(alpha=0.9, min=1ms)");
  match(out, /^mean {16}infinite\nstandard deviation {2}infinite\n/);
  const gap = await cli(
    "explain",
    '{"mixture": [{"weight": 1, "of": "1ms"}, {"weight": 1, "of": "9ms"}]}',
  );
  match(gap.out, /mean of 5 ms \(0\.00 % from the mean\)$/m);
  match(gap.out, /^p50 {5}no number suffices: there is a gap$/m);
  const truncated = await cli("explain", "normal(mean=10ms, sd=20ms)");
  match(truncated.out, /^warning: Truncation below 0 ms/m);
});

Deno.test("explain prints how far a block of exact sampling is from the mean", async () => {
  const of = async (slowShare: number) =>
    (await cli(
      "explain",
      `bimodal(fast=4ms, slow=400ms, slowShare=${slowShare})`,
    )).out;
  // 20.8 of 200 are slow on average; a block has 21.
  match(await of(0.104), /mean of 45\.58 ms \(\+0\.88 % from the mean\)$/m);
  match(await of(0.1), /mean of 43\.6 ms \(0\.00 % from the mean\)$/m);
  const heavy = await cli("explain", "pareto(alpha=0.9, min=1ms)");
  match(heavy.out, /200 by default, with a mean of [\d.]+ ms$/m);
  match((await cli("explain", "0ms")).out, /with a mean of 0 ms$/m);
});

Deno.test("explain marks figures of a family without quantiles as estimated", async () => {
  await using folder = await folderWith({
    "dice.ts": `export default {
  name: "dice",
  version: "1.0.0",
  contributes: {
    families: [{
      name: "dice",
      parameters: ({ z }) => z.strictObject({}),
      create: () => ({ sample: (next) => 1 + Math.floor(6 * next()) }),
    }],
  },
};
`,
    "c.yaml": "plugins: { ./dice.ts: {} }\n",
  });
  const { status, out } = await cli(
    "explain",
    '{"dice": {}}',
    "--config",
    `${folder.path}/c.yaml`,
  );
  equal(status, 0);
  match(out, /^estimated from 100 000 seeded draws$/m);
  doesNotMatch(out, /scheme exact/);
  match(out, /^p50 {5}unknown: this family can only be sampled$/m);
});

Deno.test("explain lists all errors of an invalid distribution", async () => {
  const misspelt = await cli("explain", "lognrmal(median=1ms, p99=2ms)");
  deepEqual([misspelt.status, misspelt.out], [2, ""]);
  match(misspelt.err, /Cannot explain this distribution \[ARGUMENT_INVALID\]/);
  match(misspelt.err, /suggestion: lognormal/);
  const invalid = await cli(
    "explain",
    '{"normal": {"mean": "x", "sd": -1, "sdd": 1}}',
  );
  equal(invalid.status, 2);
  for (const path of ["mean", "sd", "sdd"]) {
    match(invalid.err, new RegExp(`^ {2}/normal/${path}: `, "m"));
  }
  const broken = await cli("explain", '{"normal": ');
  equal(broken.status, 2);
  match(broken.err, /it is not JSON/);
});
