import { match, ok, rejects } from "node:assert/strict";
import {
  assertDistribution,
  assertFollows,
  assertMannered,
  assertNoUnexpected,
  assertSameDraws,
  assertWithinBudget,
  compareTimes,
  compileDistribution,
  createPluginServer,
  createTestServer,
  drawsOf,
  refusedClients,
  type TestServer,
  valuesNeeded,
} from "../../../core/testing.ts";
import { plugin } from "../../support/plugins.ts";

const TIMES = Array.from({ length: 400 }, (_, i) => 100 + i % 50);

/** Calls that fail, by the name of the function. */
const CALLS: Readonly<
  Record<string, (test: TestServer) => unknown>
> = {
  assertDistribution: () => assertDistribution({ lognomal: {} }),
  assertFollows: () => assertFollows(TIMES, "5ms"),
  "assertFollows of no times": () => assertFollows([], "5ms"),
  assertMannered: ({ server }) => assertMannered(server),
  assertNoUnexpected: ({ server }) => assertNoUnexpected(server),
  assertSameDraws: () => assertSameDraws("a 0 1.0\n", "a 0 2.0\n"),
  "assertSameDraws of other texts": () => assertSameDraws("a", "b"),
  assertWithinBudget: () => assertWithinBudget(TIMES, { p50: "10ms" }),
  "assertWithinBudget of no times": () => assertWithinBudget([], { p50: 1 }),
  compareTimes: () => compareTimes([-1], "5ms"),
  compileDistribution: () => compileDistribution({ lognomal: {} }),
  createPluginServer: () =>
    createPluginServer(plugin("mine"), { beside: ["limitr"] }),
  createTestServer: () => createTestServer({ seed: {} } as never),
  drawsOf: ({ server }) => drawsOf(server, { routes: ["none"] }),
  measure: (test) => test.measure("/none", 2),
  refusedClients: ({ server }) => refusedClients(server),
  valuesNeeded: () => valuesNeeded({ lognomal: {} }),
};

for (const [name, fail] of Object.entries(CALLS)) {
  Deno.test(`${name}: the stack of an error begins at the test's own line`, async () => {
    await using test = await createTestServer({
      plugins: { limiter: name !== "refusedClients" && {} },
      routes: [{ path: "/a" }],
    } as never);
    await test.request("/b");
    await rejects(async () => await fail(test), beginsHere);
  });
}

function beginsHere({ name, stack = "" }: Error): true {
  match(name, /^(Assertion|Perfmock)Error$/);
  const [first] = stack.split("\n").filter((line) =>
    /^ {4}at .*:\d+/.test(line)
  );
  match(`${first}`, /\/stacks_test\.ts:\d+:\d+/);
  ok(
    !/\/core\/(?!testing\/stacks_test)/.test(
      stack.replaceAll("/tests/core/", "/"),
    ),
    stack,
  );
  return true;
}
