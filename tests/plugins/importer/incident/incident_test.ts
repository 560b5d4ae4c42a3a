import { deepEqual, equal, match, ok } from "node:assert/strict";
import { importOf } from "../_imported.ts";

const START = 1_800_000_000;

/** Makes the answer to a range query. */
function matrix(...result: readonly unknown[]): unknown {
  return { status: "success", data: { resultType: "matrix", result } };
}

/** Makes a series with a value every minute; null for none. */
function series(
  metric: Record<string, string>,
  values: readonly (number | null)[],
): unknown {
  return {
    metric,
    values: values.flatMap((value, i) =>
      value === null ? [] : [[START + 60 * i, `${value}`]]
    ),
  };
}

/** Makes the classic buckets of a counter of a route, from counts per minute in each bucket. */
function histogram(
  labels: Record<string, string>,
  minutes: readonly (
    | readonly [below10: number, below100: number, above: number]
    | null
  )[],
  name: string | null = "http_request_duration_seconds_bucket",
): unknown[] {
  return ["0.01", "0.1", "+Inf"].map((le, index) => {
    let sum = 1000;
    const values: (number | null)[] = [name === null ? 0 : sum];
    for (const minute of minutes) {
      if (minute === null) {
        values.push(null);
        continue;
      }
      const cumulative = minute.slice(0, index + 1).reduce((a, b) => a + b, 0);
      sum += cumulative;
      values.push(name === null ? cumulative / 60 : sum);
    }
    return series(
      { ...labels, ...name !== null && { __name__: name }, le },
      values,
    );
  });
}

/** Rates of a scenario as numbers. */
function rates(scenario: Record<string, unknown>): [string, number][] {
  const { steps } = scenario.rate as { steps: { at: string; value: string }[] };
  return steps.map(({ at, value }) => [at, parseFloat(value)]);
}

Deno.test("Counters of classic buckets become a mock, the rate of each step, and a timeline of distributions", async () => {
  const { routes, script, summary } = await importOf({
    "range.json": matrix(
      ...histogram({ route: "/orders/:id", method: "get", pod: "a" }, [[
        540,
        60,
        0,
      ], [300, 250, 50]]),
      ...histogram({ route: "/orders/:id", method: "get", pod: "b" }, [[
        540,
        60,
        0,
      ], [300, 250, 50]]),
    ),
  });
  deepEqual(routes.map(({ id, path }) => [id, path]), [[
    "get-orders-id",
    "/orders/:id",
  ]]);
  deepEqual(rates(script?.scenarios["get-orders-id-arrivals"] ?? {}), [[
    "0s",
    20,
  ]]);
  const { duration, requests } = script?.scenarios["get-orders-id-arrivals"] ??
    {};
  deepEqual([duration, requests], ["120s", [{ path: "/orders/1" }]]);
  const { set, to } = script?.scenarios["get-orders-id-times"] ?? {};
  deepEqual(set, { route: "get-orders-id", dial: "serviceTime" });
  deepEqual(
    (to as { timeline: { at: string }[] }).timeline.map(({ at }) => at),
    ["0s", "60s"],
  );
  match(summary, /2 steps of 60 s from 2027-01-15T08:00:00\.000Z/);
});

Deno.test("Routes whose paths have the same words have ids of their own, which their scenarios name", async () => {
  const minutes = [[10, 0, 0], [0, 10, 0]] as const;
  const { status, routes, script, summary } = await importOf({
    "range.json": matrix(
      ...histogram({ route: "/a/b" }, minutes),
      ...histogram({ route: "/a-b" }, minutes),
      ...histogram({ route: `/${"long/".repeat(60)}end` }, minutes),
    ),
  });
  equal(status, 0, summary);
  const ids = routes.map(({ id }) => id);
  equal(new Set(ids).size, 3);
  const named = Object.values(script?.scenarios ?? {}).flatMap(({ set }) =>
    set === undefined ? [] : [(set as { route: string }).route]
  );
  deepEqual(named.sort(), ids.toSorted());
});

Deno.test("A route that perfmock refuses is left out of mock and script, and sizes are no times", async () => {
  const minutes = [[10, 0, 0], [0, 10, 0]] as const;
  const { status, routes, script, summary } = await importOf({
    "range.json": matrix(
      // A plugin of perfmock answers /metrics.
      ...histogram({ handler: "/metrics" }, minutes),
      ...histogram({ handler: "/a" }, minutes),
      ...histogram(
        { handler: "/a" },
        minutes,
        "http_response_size_bytes_bucket",
      ),
      series(
        { handler: "/a", __name__: "http_response_size_bytes_count" },
        [0, 10, 20],
      ),
    ),
  });
  equal(status, 0, summary);
  deepEqual(routes.map(({ id }) => id), ["get-a"]);
  deepEqual(Object.keys(script?.scenarios ?? {}), [
    "get-a-arrivals",
    "get-a-times",
  ]);
  match(summary, /routes that perfmock refuses: .* \(GET \/metrics\)/);
  match(
    summary,
    /series of http_response_size_bytes_bucket, which measures no time/,
  );
});

Deno.test("Histograms of several metrics are an error that names them", async () => {
  const minutes = [[10, 0, 0]] as const;
  const { status, summary } = await importOf({
    "range.json": matrix(
      ...histogram({ route: "/a" }, minutes),
      ...histogram({ route: "/a" }, minutes, "db_seconds_bucket"),
    ),
  });
  equal(status, 2);
  match(
    summary,
    /histograms of several metrics: http_request_duration_seconds, db_seconds/,
  );
});

Deno.test("Rates are taken for the step before their sample", async () => {
  const { script } = await importOf({
    "range.json": matrix(
      ...histogram({ handler: "/a" }, [[60, 0, 0], [600, 0, 0]], null),
    ),
  });
  // The first sample, of 0, belongs to the minute before the start.
  deepEqual(rates(script?.scenarios["get-a-arrivals"] ?? {}), [["0s", 0], [
    "60s",
    1,
  ], ["120s", 10]]);
});

Deno.test("A counter that begins again counts from 0; gaps keep what was before, and both are named", async () => {
  const values = [100, 160, 30, null, 150, 210];
  const { script, summary } = await importOf({
    "range.json": matrix(
      series({ __name__: "http_requests_total", path: "/a" }, values),
    ),
  });
  deepEqual(rates(script?.scenarios["get-a-arrivals"] ?? {}), [["0s", 1], [
    "60s",
    0.5,
  ], ["240s", 1]]);
  match(summary, /1 × counters that began again at 0/);
  match(
    summary,
    /2 × gaps, in which the rate and the times before last \(2027-01-15T08:02:00\.000Z of \/a, /,
  );
});

Deno.test("Series without the label of routes are left out, and without any label all are one route", async () => {
  const { routes, summary } = await importOf({
    "range.json": matrix(
      series({ __name__: "x_total", path: "/a" }, [0, 60]),
      series({ __name__: "x_total", job: "cron" }, [0, 60]),
      series({ __name__: "x_total", path: "none" }, [0, 60]),
    ),
  });
  deepEqual(routes.map(({ path }) => path), ["/a", "/none"]);
  match(
    summary,
    /1 × series without the label path \(\{__name__="x_total", job="cron"\}\)/,
  );
  match(summary, /1 × names that are no path, as paths of their own \(none\)/);
  const one = await importOf({
    "range.json": matrix(
      series({ __name__: "x_total" }, [0, 60]),
      series({ __name__: "x_total", pod: "b" }, [0, 60]),
    ),
  });
  deepEqual(one.routes.map(({ path }) => path), ["/"]);
  deepEqual(rates(one.script?.scenarios["get-root-arrivals"] ?? {}), [[
    "0s",
    2,
  ]]);
  const named = await importOf(
    {
      "range.json": matrix(
        series({ __name__: "x_total", op: "POST /b/{id}" }, [0, 60]),
      ),
    },
    "--route-label",
    "op",
  );
  deepEqual(named.routes.map(({ method, path }) => [method, path]), [[
    "POST",
    "/b/:id",
  ]]);
});

Deno.test("Native histograms give times and arrivals, too", async () => {
  const sample = (
    minute: number,
    counts: readonly number[],
  ) => [START + 60 * minute, {
    count: `${counts.reduce((a, b) => a + b, 0)}`,
    sum: "1",
    buckets: counts.map((
      count,
      i,
    ) => [0, `${0.01 * 2 ** i}`, `${0.02 * 2 ** i}`, `${count}`]),
  }];
  const { routes, script } = await importOf({
    "range.json": matrix({
      metric: { __name__: "http_request_duration_seconds", route: "/a" },
      histograms: [
        sample(0, [5, 5]),
        sample(1, [65, 65]),
        sample(2, [125, 65, 300]),
      ],
    }),
  });
  ok(routes[0].serviceTime !== undefined);
  deepEqual(rates(script?.scenarios["get-a-arrivals"] ?? {}), [["0s", 2], [
    "60s",
    6,
  ]]);
});

Deno.test("Times beyond all dates are errors", async () => {
  for (const at of [1e300, -1e300, "Infinity", null]) {
    const { status, summary } = await importOf({
      "range.json": matrix({ metric: {}, values: [[at, "1"], [1, "2"]] }),
    });
    equal(status, 2, summary);
  }
});

Deno.test("Wrong answers are errors with their places", async () => {
  const buckets = histogram({ route: "/a" }, [[60, 20, 5]]);
  for (
    const [answer, message] of [
      [matrix(), /The answer has no series/],
      [matrix(series({ route: "/a" }, [1])), /No series has two samples/],
      [
        matrix({ metric: {}, value: [START, "1"] }),
        /\/data\/result\/0: The series is an instant, not a range/,
      ],
      [matrix(...buckets.slice(0, 2)), /has no bucket le="\+Inf"/],
      [
        matrix(buckets[1], {
          ...buckets[0] as object,
          metric: {
            __name__: "http_request_duration_seconds_bucket",
            route: "/a",
            le: "0.5",
          },
        }, buckets[2]),
        /Counts of \/a decrease from bucket to bucket at 2027/,
      ],
      [
        matrix({
          metric: { route: "/a" },
          values: [[START + 60, "1"], [START, "2"]],
        }),
        /samples that are not in the order of time/,
      ],
    ] as const
  ) {
    const { status, summary, text } = await importOf({ "range.json": answer });
    equal(status, 2, summary);
    equal(text, "");
    match(summary, message);
  }
});
