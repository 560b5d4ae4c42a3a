import { deepEqual, equal } from "node:assert/strict";
import { errorOf, lines } from "../../support/errors.ts";
import { askAlone, degraded } from "./degrading.ts";

/** Issues with one `degrade`, a line each. */
async function issuesOf(degrade: unknown): Promise<string[]> {
  const error = await errorOf(() =>
    degraded({
      pools: { db: { concurrency: 4 } },
      routes: [{ path: "/", degrade }],
    })
  );
  equal(error.code, "CONFIG_INVALID");
  return lines(error).map((line) => line.replace("/routes/0/degrade", ""));
}

const MODELS =
  '"processor-sharing", "erlang-c", "usl", "gc-pause", "leak", "brown-out" or "none"';

const WRONG: readonly [
  what: string,
  degrade: unknown,
  ...issues: string[],
][] = [
  ["no model", {}, "/model: Missing"],
  [
    "an unknown model",
    { model: "erlang-d" },
    `/model: Must be ${MODELS}, received "erlang-d" → erlang-c`,
  ],
  [
    "a model in place of an object",
    "leak",
    ': Expected an object, received a string → { model: "leak" }',
  ],
  [
    "neither a model nor exhaustion",
    { model: "none" },
    "/exhaustion: Missing",
  ],
  [
    "several parameters out of range",
    { model: "usl", contention: 2, coherency: -1 },
    "/contention: Must be from 0 to 1, received 2 → 0.02",
    "/coherency: Must be from 0 to 1, received -1",
  ],
  [
    "no cores",
    { model: "erlang-c", servers: 0 },
    "/servers: Must be from 1 to 1000, received 0",
  ],
  [
    "invalid sizes and pauses",
    {
      model: "gc-pause",
      perRequest: "0B",
      heap: "big",
      pause: { uniform: { min: 3, max: 1 } },
    },
    '/perRequest: Must be greater than 0, received "0B"',
    '/heap: Cannot read "big" as a size',
    "/pause/uniform/max: Must be greater than min, 3 ms, received 1 ms",
  ],
  [
    "invalid failures of a leak",
    {
      model: "leak",
      overhead: -1,
      failures: { from: 1, share: 7, status: 200 },
    },
    "/overhead: Must be at least 0, received -1",
    "/failures/from: Must be from 0 to 0.99, received 1",
    "/failures/share: Must be from 0 to 1, received 7 → 0.07",
    "/failures/status: Must be from 400 to 599, received 200",
  ],
  [
    "no steps",
    { model: "brown-out", steps: [] },
    "/steps: Must have at least 1 entry, received 0",
  ],
  [
    "steps that do not rise, and an until above its at",
    {
      model: "brown-out",
      steps: [{ at: 0.5, until: 0.6 }, { at: 0.4, delay: "5ms" }],
    },
    '/steps/0/until: Must be at most "at", 0.5, received 0.6',
    "/steps/1/at: Must be greater than that of the step before, 0.5, received 0.4",
  ],
  [
    "an unknown action",
    { model: "usl", exhaustion: { action: "crsh" } },
    '/exhaustion/action: Must be "refuse", "connection-reset" or "crash", received "crsh" → crash',
  ],
  [
    "an until above its at",
    {
      model: "usl",
      exhaustion: { action: "refuse", at: 0.5, until: 0.9, status: 200 },
    },
    "/exhaustion/status: Must be from 400 to 599, received 200",
  ],
  [
    "an until above the default of at",
    { model: "usl", exhaustion: { action: "connection-reset", until: 1.2 } },
    '/exhaustion/until: Must be at most "at", 0.95, received 1.2',
  ],
  [
    "negative times of a crash",
    {
      model: "usl",
      exhaustion: {
        action: "crash",
        restart: "-1s",
        coldStart: { factor: 0 },
      },
    },
    '/exhaustion/restart: Must be at least 0, received "-1s"',
    "/exhaustion/coldStart/factor: Must be at least 1, received 0",
  ],
  [
    "an unknown input",
    { model: "processor-sharing", input: "in-fligth" },
    '/input: Unknown input "in-fligth" → in-flight',
  ],
  [
    "unknown pools and inputs, at both places",
    {
      model: "erlang-c",
      input: "pool:bd",
      exhaustion: { action: "refuse", input: "stres" },
    },
    '/input: Unknown pool "bd" → pool:db',
    '/exhaustion/input: Unknown input "stres" → stress',
  ],
  [
    "a negative level",
    { model: "processor-sharing", input: -1 },
    "/input: Must be at least 0, received -1",
  ],
  [
    "a share as an input that counts requests",
    { model: "usl", input: "stress" },
    '/input: Cannot count requests by "stress": it is a share → in-flight',
  ],
];

for (const [what, degrade, ...issues] of WRONG) {
  Deno.test(`degrade is refused for ${what}`, async () => {
    deepEqual(await issuesOf(degrade), issues);
  });
}

Deno.test("without the limiter, an input that names a pool is refused", async () => {
  const error = await errorOf(() =>
    degraded({
      limiter: false,
      routes: [{
        path: "/",
        degrade: { model: "erlang-c", input: "pool:route:r" },
      }],
    })
  );
  deepEqual(lines(error), [
    '/routes/0/degrade/input: Unknown pool "route:r"',
  ]);
});

Deno.test("without the limiter, erlang-c reads the load", async () => {
  await using test = await degraded({
    limiter: false,
    routes: [{ path: "/", degrade: { model: "erlang-c" } }],
  });
  deepEqual(test.server.warnings, []);
});

Deno.test("an inline pool that does not exist causes a warning, and counts as empty", async () => {
  const models = ["usl", "erlang-c", "processor-sharing"];
  await using test = await degraded({
    routes: models.map((model) => ({
      id: model,
      path: `/${model}`,
      serviceTime: "10ms",
      degrade: { model, input: "pool:route:x" },
    })),
  });
  deepEqual(
    test.server.warnings.map(({ message }) => message),
    models.map((model) =>
      `Route "${model}" reads "pool:route:x", a pool that does not exist`
    ),
  );
  for (const model of models) {
    equal((await askAlone(test, `/${model}`)).took, 10);
  }
});

Deno.test("the summary of a route describes its degradation", async () => {
  await using test = await degraded({
    routes: [
      { path: "/a", degrade: { model: "leak", backend: "jvm" } },
      { path: "/b", degrade: { model: "processor-sharing", input: 0.5 } },
      {
        path: "/c",
        degrade: {
          model: "none",
          exhaustion: {
            action: "refuse",
            input: { sine: { mean: 1, amplitude: 1, period: "1m" } },
          },
        },
      },
      {
        path: "/d",
        degrade: {
          model: "gc-pause",
          input: { sine: { mean: 0.5, amplitude: 0.5, period: "1m" } },
          exhaustion: { action: "connection-reset", at: 0.9 },
        },
      },
    ],
  });
  const { routes } = await (await test.server.fetch(
    new Request(new URL("/_perfmock/routes", test.server.url)),
  )).json() as { routes: { summary?: string; does?: string[] }[] };
  const text = JSON.stringify(routes);
  for (
    const words of [
      "leak by bytes held, crashes at 1 on jvm",
      "processor-sharing by 0.5",
      "refuses at 0.95",
      "gc-pause by bytes allocated, resets at 0.9",
    ]
  ) {
    equal(text.includes(words), true, `${words} is not in ${text}`);
  }
});
