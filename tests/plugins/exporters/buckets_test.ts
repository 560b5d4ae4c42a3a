import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";
import {
  DENSE_BOUNDARIES,
  sizeWarnings,
} from "../../../plugins/exporters/buckets.ts";
import { DURATION_BOUNDARIES } from "../../../core/observe/timing.ts";
import { errorOf } from "../../support/errors.ts";

/** Boundaries of a metric in a scrape, in seconds. */
async function boundaries(
  server: Awaited<ReturnType<typeof createTestServer>>,
  metric = "perfmock_service_seconds",
): Promise<string[]> {
  const { response } = await server.request("/metrics");
  const lines = (await response.text()).matchAll(
    /^(\w+)_bucket\{.*le="(.*)"/gm,
  );
  return Array.from(lines).filter(([, name]) => name === metric)
    .map(([, , end]) => end);
}

function configuration(buckets?: unknown) {
  return {
    plugins: { exporters: { prometheus: { buckets } } },
    routes: [{ id: "a", path: "/a" }],
  };
}

Deno.test("buckets: dense by default, coarse, or a list of durations", async () => {
  for (
    const [written, expected] of [
      [undefined, DENSE_BOUNDARIES + 1],
      ["dense", DENSE_BOUNDARIES + 1],
      ["coarse", 20],
    ] as const
  ) {
    await using server = await createTestServer(configuration(written));
    equal((await boundaries(server)).length, expected);
  }
  await using server = await createTestServer(
    configuration(["8.2ms", "0.3s", "1m"]),
  );
  deepEqual(await boundaries(server), ["0.0082", "0.3", "60.0", "+Inf"]);
  // Lateness is not a duration that a route is configured to have.
  const late = "perfmock_injected_delay_lateness_seconds";
  equal((await boundaries(server, late)).length, 26);
  equal(DENSE_BOUNDARIES, DURATION_BOUNDARIES.length);
});

Deno.test("buckets can be changed while the server runs, and no count is lost", async () => {
  await using server = await createTestServer(configuration());
  for (let n = 0; n < 5; n++) await server.request("/a");
  const { plugins } = configuration(["1ms", "1s"]);
  await server.server.update({ plugins });
  deepEqual(await boundaries(server), ["0.001", "1.0", "+Inf"]);
  await server.request("/a");
  const { response } = await server.request("/metrics");
  match(await response.text(), /perfmock_service_seconds_count\{route="a"\} 6/);
  await server.server.update({ plugins: { exporters: { prometheus: false } } });
  await server.server.update({ plugins: { exporters: { prometheus: {} } } });
  equal((await boundaries(server)).length, DENSE_BOUNDARIES + 1);
});

Deno.test("buckets without a unit, in the wrong order or of another kind are refused", async () => {
  for (
    const [written, path] of [
      [[0.1], /\/plugins\/exporters\/prometheus\/buckets\/0: .*needs a unit/s],
      [["10ms", "5ms"], /buckets\/1: .*ascending/s],
      [["10ms", "10ms"], /buckets\/1: .*ascending/s],
      [["ten"], /buckets\/0/],
      [[], /buckets/],
      ["fine", /buckets/],
    ] as const
  ) {
    const { issues } = await errorOf(() =>
      createTestServer(configuration(written) as object)
    );
    match(
      issues.map(({ path, message }) => `${path}: ${message}`).join(),
      path,
    );
  }
});

Deno.test("A configuration whose scrapes would have more than 100 000 lines is warned of", async () => {
  deepEqual(sizeWarnings(undefined, 100), []);
  const [warning] = sizeWarnings(undefined, 1000);
  match(warning.message, /1000 routes with 103 buckets .* 358 000 lines/);
  deepEqual(sizeWarnings([1, 10], 1000), []);
  const routes = Array.from({ length: 300 }, (_, n) => ({
    id: `r${n}`,
    path: `/r${n}`,
  }));
  await using server = await createTestServer({ routes });
  const { warnings } = server.server;
  ok(
    warnings.some(({ path }) =>
      path === "/plugins/exporters/prometheus/buckets"
    ),
  );
  await using coarse = await createTestServer({
    plugins: { exporters: { prometheus: { buckets: "coarse" } } },
    routes,
  });
  deepEqual(coarse.server.warnings, []);
});
