import assert from "node:assert/strict";
import { assertIssue, compile, issuesIn } from "./_compile.ts";
import { withFile } from "./_file.ts";

const BOUNDARIES = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000];

Deno.test("histogram reads Prometheus' cumulative buckets in seconds", () => {
  const distribution = compile({
    histogram: {
      unit: "1s",
      cumulative: true,
      buckets: [
        { le: 0.1, count: 50 },
        { le: 0.25, count: 90 },
        { le: 0.5, count: 99 },
        { le: "+Inf", count: 100 },
      ],
    },
  });
  assertClose(distribution.quantile?.(0.5), 100, 1e-9);
  assertClose(distribution.quantile?.(0.9), 250, 1e-9);
  assertClose(distribution.cdf(250), 0.9, 1e-9);
  assertClose(distribution.survival(500), 0.01, 1e-9);
  assert.deepEqual(distribution.warnings, [
    "1 % of the times lie beyond the last boundary, 500 ms, and are extrapolated",
  ]);
});

for (
  const [written, tolerance] of [
    [{ lognormal: { median: 120, p99: 800 } }, 1e-6],
    [{ exponential: { mean: 100 } }, 0.005],
    [{ weibull: { shape: 0.7, scale: 100 } }, 0.005],
  ] as const
) {
  Deno.test(`histogram recovers the percentiles of ${JSON.stringify(written)} to ${100 * tolerance} %`, () => {
    const original = compile(written);
    const buckets = BOUNDARIES.map((le) => ({
      le,
      count: 1e6 * original.cdf(le),
    }));
    const recovered = compile({
      histogram: {
        cumulative: true,
        buckets: [...buckets, { le: "+Inf", count: 1e6 }],
      },
    });
    for (const u of [0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99]) {
      assertClose(
        recovered.quantile?.(u),
        original.quantile?.(u) ?? NaN,
        tolerance,
      );
    }
  });
}

Deno.test("histogram keeps the shares of its buckets and the gaps between them", () => {
  const distribution = compile({
    histogram: {
      buckets: [
        { le: 1, count: 0 },
        { le: 10, count: 30 },
        { le: 20, count: 20 },
        { le: 100, count: 0 },
        { le: 120, count: 25 },
        { le: 150, count: 20 },
        { le: 200, count: 5 },
        { le: 300, count: 0 },
      ],
    },
  });
  const edges = [0, 0.3, 0.5, 0.75, 0.95, 1];
  const ranges = [[1, 10], [10, 20], [100, 120], [120, 150], [150, 200]];
  for (let i = 1; i < 1000; i++) {
    const u = i / 1000;
    const bucket = edges.findIndex((edge) => u <= edge) - 1;
    const x = distribution.quantile?.(u) ?? NaN;
    const [from, to] = ranges[bucket];
    assert.ok(x >= from * (1 - 1e-12) && x <= to * (1 + 1e-12), `${x} at ${u}`);
  }
  assert.equal(distribution.cdf(0.5), 0);
  assert.equal(distribution.survival(0.5), 1);
  assert.equal(distribution.cdf(60), 0.5);
  assert.equal(distribution.survival(60), 0.5);
  assert.deepEqual(distribution.warnings, []);
});

Deno.test("histogram spreads a single bucket evenly, and warns that this is a guess", () => {
  const distribution = compile({
    histogram: { buckets: [{ le: 10, count: 0 }, { le: 30, count: 7 }] },
  });
  assert.equal(distribution.quantile?.(0.25), 15);
  assert.equal(distribution.survivalQuantile?.(0.25), 25);
  assert.equal(distribution.cdf(15), 0.25);
  assert.equal(distribution.survival(15), 0.75);
  assert.equal(distribution.cdf(30), 1);
  assert.match(
    distribution.warnings[0],
    /^100 % of the times lie between 10 ms and 30 ms/,
  );
});

Deno.test("histogram sets times beyond the only boundary to that boundary", () => {
  const distribution = compile({
    histogram: { buckets: [{ le: 10, count: 3 }, { le: "+Inf", count: 1 }] },
  });
  assert.equal(distribution.quantile?.(0.9), 10);
  assert.equal(distribution.quantile?.(0.375), 5);
  assert.equal(distribution.cdf(10), 1);
  assert.equal(distribution.survival(10), 0);
  assert.equal(distribution.survival(9), 1 - 0.75 * 0.9);
});

Deno.test("histogram ignores shares that are only rounding errors", () => {
  const distribution = compile({
    histogram: {
      buckets: [{ le: 10, count: 1e9 }, { le: 20, count: 1e-9 }, {
        le: 30,
        count: 1e9,
      }],
    },
  });
  assert.equal(distribution.quantile?.(0.25), 5);
  assert.equal(distribution.quantile?.(0.75), 25);
});

Deno.test("histogram reads a file of boundaries and counts", () => {
  withFile("le,count\n10,3\n\n+Inf;1\n", (file) => {
    assert.equal(compile({ histogram: { file } }).quantile?.(0.375), 5);
  });
  withFile("0.01\t3\n0.02\t4", (file) => {
    const written = { unit: "1s", cumulative: true, file };
    assert.equal(compile({ histogram: written }).quantile?.(0.375), 5);
  });
});

Deno.test("histogram names the wrong lines of a file", () => {
  withFile("10,3\nten,4\n5,1\n20\n30,-1\n1,2,3\n40,Infinity", (file) => {
    assert.deepEqual(
      issuesIn({ histogram: { file } }).map(({ message }) => message),
      [
        "Line 2 has no boundary and count",
        "Line 3 must have a boundary greater than the one before, and a finite one first",
        "Line 4 has no boundary and count",
        "Line 5 has no boundary and count",
        "Line 6 has no boundary and count",
        "Line 7 has no boundary and count",
      ],
    );
  });
  withFile("10,3\n20,2", (file) => {
    const written = { cumulative: true, file };
    assertIssue(
      { histogram: written },
      "/file",
      /^Line 2 must have a count of at least the one before/,
    );
  });
  for (const text of ["", "le,count\n", "10,0\n"]) {
    withFile(text, (file) => {
      assertIssue({ histogram: { file } }, "/file", /has no counts/);
    });
  }
  assertIssue({ histogram: { file: "missing" } }, "/file", /Cannot read/);
});

Deno.test("histogram refuses cumulative counts that decrease", () => {
  const buckets = [{ le: 10, count: 5 }, { le: 20, count: 4 }];
  assertIssue(
    { histogram: { cumulative: true, buckets } },
    "/buckets/1/count",
    /at least the count before, 5, since counts are cumulative, received 4/,
  );
  compile({ histogram: { buckets } });
});

Deno.test("histogram refuses boundaries out of order, counts of 0 alone, and no finite boundary", () => {
  const at = (...buckets: unknown[]) => ({ histogram: { buckets } });
  assertIssue(
    at({ le: 10, count: 1 }, { le: 10, count: 1 }),
    "/buckets/1/le",
    /greater/,
  );
  assertIssue(at({ le: "+Inf", count: 1 }), "/buckets/0/le", /finite/);
  assertIssue(
    at({ le: 10, count: 1 }, { le: "+Inf", count: 1 }, { le: 20, count: 1 }),
    "/buckets/2/le",
    /boundary before, \+Inf, received 20/,
  );
  assertIssue(at({ le: 10, count: 0 }), "/buckets", /count above 0/);
  assertIssue(at(), "/buckets", /at least 1/);
  assertIssue(
    { histogram: { cumulative: true, buckets: [] } },
    "/buckets",
    /at least 1/,
  );
  assertIssue(at({ le: 10, count: -1 }), "/buckets/0/count", /at least 0/);
  assertIssue({ histogram: { unit: "1s" } }, "", /exactly buckets, or file/);
});

function assertClose(
  actual: number | undefined,
  expected: number,
  tolerance: number,
): void {
  const error = Math.abs((actual ?? NaN) / expected - 1);
  assert.ok(error <= tolerance, `${actual} is not ${expected}`);
}

Deno.test("histogram refuses more buckets than it can integrate in time, in settings and in a file", () => {
  const buckets = Array.from({ length: 2001 }, (_, i) => ({
    le: i + 1,
    count: 1,
  }));
  const [{ path }] = issuesIn({ histogram: { buckets } });
  assert.equal(path, "/buckets");
  assert.equal(
    compile({ histogram: { buckets: buckets.slice(1) } }).cdf(2001),
    1,
  );
  withFile("1,1\n".repeat(2002), (file) => {
    const [{ message }] = issuesIn({ histogram: { file } });
    assert.match(message, /^Cannot read the file: it has more than 2001 lines/);
  });
});
