import { deepEqual, equal, match } from "node:assert/strict";
import {
  assertFollows,
  assertMannered,
  assertNoUnexpected,
  assertWithinBudget,
  compareTimes,
  compileDistribution,
  createPluginServer,
  createTestServer,
  drawsOf,
  familySuite,
  valuesNeeded,
} from "../../../core/testing.ts";
import { definePlugin } from "../../../core/plugin.ts";
import { errorOf } from "../../support/errors.ts";

const SLOW = "exponential(mean=50ms)";

const PLUGIN = definePlugin({
  name: "alone",
  version: "1.0.0",
  setup: () => ({}),
});

await using backend = await createTestServer({ routes: [{ path: "/" }] });
const { server } = backend;

/** Functions with options, by name: a call with options, and values of each option that it does not take. */
const FUNCTIONS: Readonly<
  Record<
    string,
    readonly [
      call: (options: object) => unknown,
      wrong: Readonly<Record<string, readonly unknown[]>>,
      argument?: string,
    ]
  >
> = {
  assertFollows: [(options) => assertFollows([1], SLOW, options), {
    by: ["ks", ["kss"]],
    quantiles: [0.5, [0.5, 95], [1], [NaN]],
    alpha: [0, 1, "0.1"],
    notice: [0, -1, Infinity],
    power: [1, NaN],
    tolerance: ["soon", "-1ms", -1],
    plugins: [PLUGIN],
    config: ["perfmock.yaml", []],
    folder: [5],
  }],
  compareTimes: [(options) => compareTimes([1], SLOW, options), { alpha: [2] }],
  valuesNeeded: [(options) => valuesNeeded(SLOW, options), { notice: [-1] }],
  compileDistribution: [(options) => compileDistribution(SLOW, options), {
    plugins: ["distributions"],
    config: [5],
    folder: [true],
  }],
  assertWithinBudget: [
    (options) => assertWithinBudget([1], { max: 5 }, options),
    { confidence: [1, 95], certain: ["yes", 1], power: [0] },
  ],
  assertNoUnexpected: [(options) => assertNoUnexpected(server, options), {
    except: ["/favicon.ico", [/a/]],
  }],
  assertMannered: [(options) => assertMannered(server, options), {
    client: [5],
    refusals: [0, 1.5],
    retries: ["yes"],
    early: [-1, "5 %"],
    amplification: [NaN],
    backoff: [-1],
    jitter: [-1],
  }, "manners"],
  drawsOf: [(options) => drawsOf(server, options), {
    count: [0, "3", 1.5],
    routes: ["get", [5]],
  }],
  createPluginServer: [(options) => createPluginServer(PLUGIN, options), {
    route: [[], "GET /"],
    config: ["perfmock.yaml"],
    beside: ["distributions", [PLUGIN]],
  }],
  familySuite: [
    (options) =>
      familySuite({ family: "a", valid: [{}], invalid: [{}], ...options }),
    { family: [5], plugin: ["a"], valid: ["a", {}], invalid: [5] },
    "suite",
  ],
};

for (
  const [name, [call, wrong, argument = "options"]] of Object.entries(FUNCTIONS)
) {
  Deno.test(`${name}() refuses a misspelt option, and each value that an option does not take`, async () => {
    const given = async (options: object) => {
      const error = await errorOf(async () => await call(options));
      equal(error.code, "ARGUMENT_INVALID", error.message);
      return error;
    };
    for (const [key, values] of Object.entries(wrong)) {
      for (const value of values) {
        const { issues: [issue, ...others] } = await given({ [key]: value });
        deepEqual([issue.path, issue.value], [`${argument}.${key}`, value]);
        deepEqual(others, []);
      }
      const misspelt = `${key}s_`;
      const { issues: [{ path, suggestion }] } = await given({ [misspelt]: 1 });
      deepEqual([path, suggestion], [`${argument}.${misspelt}`, key]);
    }
    const [first] = Object.entries(wrong);
    const all = await given({ [first[0]]: first[1][0], zzzz: 1, yyyy: 2 });
    match(all.message, /: 3 errors$/);
    match(all.stack ?? "", /options_test\.ts/);
  });
}

Deno.test("familySuite() names the parts that are missing", async () => {
  const { issues } = await errorOf(() => familySuite({} as never));
  deepEqual(issues.map(({ path, message }) => [path, message]), [
    ["suite.family", "This is missing"],
    ["suite.valid", "This is missing"],
    ["suite.invalid", "This is missing"],
  ]);
});

Deno.test("TestServer.measure() refuses a number of requests that is none", async () => {
  for (const count of [NaN, -1, 1.5, "3", undefined]) {
    const { issues: [{ path }] } = await errorOf(() =>
      backend.measure("/", count as number)
    );
    equal(path, "arguments.count");
  }
});
