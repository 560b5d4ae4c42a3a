import { deepEqual, equal, ok } from "node:assert/strict";
import { createTestServer, type TestServer } from "../../../core/testing.ts";
import type { Explanation } from "../../../plugins/distributions/control.ts";
import type { Schema } from "../../../core/plugin.ts";
import { call, json, post } from "../../support/http.ts";
import { plugin } from "../../support/plugins.ts";

/** A server with families that can only be sampled. */
function server(): Promise<TestServer> {
  const family = (
    name: string,
    sample: (next: () => number) => number,
  ) => ({
    name,
    parameters: ({ z }: { z: typeof import("zod").z }) => z.strictObject({}),
    create: () => ({ sample }),
  });
  return createTestServer({}, {
    plugins: [plugin("sampled", {}, {
      contributes: {
        families: [
          family("dice", (next) => 1 + Math.floor(6 * next())),
          family("zero", () => 0),
        ],
      },
    })],
  });
}

async function ask(test: TestServer, path: string, body: unknown) {
  return await call(
    test.server,
    `/_perfmock/distributions/${path}`,
    post(body),
  );
}

async function explain(
  distribution: unknown,
  probabilities?: readonly number[],
): Promise<Explanation> {
  await using test = await server();
  return await json<Explanation>(
    ask(test, "explain", { distribution, probabilities }),
  );
}

interface Refusal {
  readonly code: string;
  readonly issues: { readonly path: string }[];
}

async function issues(path: string, body: unknown): Promise<string[]> {
  await using test = await server();
  const response = await ask(test, path, body);
  equal(response.status, 400);
  const { code, issues } = await json<Refusal>(response);
  equal(code, "ARGUMENT_INVALID");
  return issues.map((issue) => issue.path);
}

Deno.test("explain returns mean, deviation and quantiles, by probability as given", async () => {
  const { mean, standardDeviation, quantiles, estimated, warnings } =
    await explain("uniform(min=0ms, max=100ms)", [0.5, 0.95, 0.999]);
  equal(mean, 50);
  equal(standardDeviation?.toFixed(6), (100 / Math.sqrt(12)).toFixed(6));
  deepEqual(
    Object.entries(quantiles).map(([p, ms]) => [p, ms?.toFixed(6)]),
    [["0.5", "50.000000"], ["0.95", "95.000000"], ["0.999", "99.900000"]],
  );
  deepEqual([estimated, warnings], [false, []]);
});

Deno.test("explain uses default probabilities if none are given", async () => {
  const { quantiles } = await explain("1ms");
  deepEqual(Object.keys(quantiles), [
    "0.01",
    "0.05",
    "0.1",
    "0.25",
    "0.5",
    "0.75",
    "0.9",
    "0.95",
    "0.99",
    "0.999",
    "0.9999",
  ]);
  ok(Object.values(quantiles).every((ms) => ms === 1));
});

Deno.test("explain returns null for infinite figures, and warns", async () => {
  const { mean, standardDeviation } = await explain(
    "pareto(alpha=0.9, min=1ms)",
  );
  deepEqual([mean, standardDeviation], [null, null]);
  const { warnings } = await explain("normal(mean=10ms, sd=20ms)");
  ok(warnings.length > 0);
});

Deno.test("explain marks its figures as estimated for a distribution that can only be sampled", async () => {
  const { mean, quantiles, estimated, requestsNeeded } = await explain(
    { dice: {} },
    [0.1, 0.4, 0.99],
  );
  equal(estimated, true);
  ok(Math.abs((mean ?? NaN) - 3.5) < 0.05);
  deepEqual(Object.values(quantiles).map((ms) => Math.round(ms ?? NaN)), [
    1,
    3,
    6,
  ]);
  deepEqual(requestsNeeded, { "0.5": null, "0.95": null, "0.99": null });
  equal((await explain({ zero: {} }, [0.5])).quantiles["0.5"], 0);
});

Deno.test("explain returns the mean of a block of exact sampling", async () => {
  const { exactBlock } = await explain(
    "bimodal(fast=4ms, slow=400ms, slowShare=0.1)",
  );
  deepEqual(exactBlock, { requests: 200, mean: 43.6 });
  equal((await explain({ dice: {} })).exactBlock, null);
});

Deno.test("explain refuses a wrong request and reports all errors", async () => {
  deepEqual(
    await issues("explain", {
      distribution: { uniform: { min: 5, max: 1 } },
      probabilities: [0, 0.5, 1],
      more: 1,
    }),
    [
      "/distribution/uniform/max",
      "/probabilities/0",
      "/probabilities/2",
      "/more",
    ],
  );
  deepEqual(await issues("explain", {}), ["/distribution"]);
  deepEqual(await issues("explain", { distribution: 1, probabilities: [] }), [
    "/probabilities",
  ]);
});

Deno.test("sample returns the same draws for the same seed", async () => {
  await using test = await server();
  const draw = async (seed?: number | string) =>
    await json<{ unit: string; samples: number[] }>(
      ask(test, "sample", {
        distribution: "uniform(min=0ms, max=1s)",
        count: 100,
        seed,
      }),
    );
  const { unit, samples } = await draw();
  equal(unit, "ms");
  equal(samples.length, 100);
  ok(samples.every((ms) => ms >= 0 && ms <= 1000));
  deepEqual((await draw(42)).samples, samples);
  deepEqual((await draw("42")).samples, samples);
  ok((await draw(43)).samples[0] !== samples[0]);
});

Deno.test("sample samples exactly if it is asked to", async () => {
  await using test = await server();
  const { samples } = await json<{ samples: number[] }>(
    ask(test, "sample", {
      distribution: "uniform(min=0ms, max=1s)",
      count: 4,
      sampling: { scheme: "exact", block: 4 },
    }),
  );
  deepEqual(samples.map(Math.round).toSorted((a, b) => a - b).slice(0, 3), [
    250,
    500,
    750,
  ]);
});

Deno.test("sample has no headers: the key header falls back to the sequence number", async () => {
  await using test = await server();
  const draw = async (sampling?: unknown) =>
    await json<{ samples: number[] }>(
      ask(test, "sample", {
        distribution: "exponential(mean=1s)",
        count: 5,
        sampling,
      }),
    );
  deepEqual(await draw({ key: "header:X-Id" }), await draw());
});

Deno.test("sample refuses a count of 0 or above a million, and unknown schemes", async () => {
  for (const count of [0, 1_000_001, 1.5]) {
    deepEqual(await issues("sample", { distribution: 1, count }), ["/count"]);
  }
  deepEqual(
    await issues("sample", {
      distribution: 1,
      count: 1,
      sampling: { scheme: "exakt" },
    }),
    ["/sampling/scheme"],
  );
});

Deno.test("families lists every family with its parameters", async () => {
  await using test = await server();
  const { families } = await json<
    { families: { name: string; parameters: { type?: string } }[] }
  >(call(test.server, "/_perfmock/distributions/families"));
  const names = families.map(({ name }) => name);
  for (const name of ["constant", "lognormal", "mixture", "clamp", "dice"]) {
    ok(names.includes(name), name);
  }
  ok(families.every(({ parameters }) => !("$schema" in parameters)));
});

Deno.test("families lists families whose schemas have no JSON Schema", async () => {
  const schema: Schema = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => ({ value }),
    },
  };
  await using test = await createTestServer({}, {
    plugins: [plugin("bare", {}, {
      contributes: {
        families: [{
          name: "bare",
          summary: "As little as can be",
          parameters: () => schema,
          create: () => ({ quantile: (u) => u }),
        }],
      },
    })],
  });
  const { families } = await json<{ families: { name: string }[] }>(
    call(test.server, "/_perfmock/distributions/families"),
  );
  deepEqual(families.find(({ name }) => name === "bare"), {
    name: "bare",
    summary: "As little as can be",
    parameters: {},
  });
});

Deno.test("sample refuses exact sampling by a header and of a distribution that can only be sampled", async () => {
  deepEqual(
    await issues("sample", {
      distribution: { dice: {} },
      count: 1,
      sampling: { scheme: "exact", key: "header:X-Id" },
    }),
    ["/sampling/scheme", "/sampling/key"],
  );
});
