/**
 * Mistakes that people make, with words and forms of other tools among them: each is told where it is, what was received, what is
 * allowed, and what was probably meant.
 */
import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { Issue } from "../../core/errors.ts";
import { lookUp } from "../../core/lib/pointer.ts";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";
import { cli } from "../support/cli.ts";
import { errorOf } from "../support/errors.ts";
import { call } from "../support/http.ts";

/** A value as written, and the place of an error in it, with the beginning of its message and the suggestion. */
type Row = readonly [
  written: unknown,
  path: string,
  message: string,
  suggestion: string | undefined,
];

/** Checks the issue of a row: the place, the value as written, the message, and that it helps. */
function check(issues: readonly Issue[], [written, ...row]: Row): void {
  const [path, message, suggestion] = row;
  const issue = issues.find((issue) => issue.path === path);
  const all = JSON.stringify(issues);
  ok(issue !== undefined, all);
  ok(issue.message.startsWith(message), all);
  equal(issue.suggestion, suggestion, all);
  const segments = path.slice(1).split("/");
  // Where a key is wrong, it is the value.
  if (issue.value !== segments.at(-1)) {
    deepEqual(issue.value, lookUp(written, segments), all);
  }
  // A type alone helps nobody, unless a suggestion shows the form.
  ok(
    suggestion !== undefined ||
      !/^(an? (string|object|list|number))?$/.test(issue.allowed ?? ""),
    all,
  );
}

const route = (keys: object): PerfmockInput => ({
  routes: [{ path: "/a", ...keys } as { path: string }],
});
const pool = (keys: object): unknown => ({
  plugins: { limiter: { pools: { db: keys } } },
  routes: [],
});
const UNREADABLE = "Cannot read";
const UNKNOWN = "Unknown key";
const TIME = "/routes/0/serviceTime";

const CONFIGURATIONS: readonly Row[] = [
  // Units and numbers.
  [route({ serviceTime: "2 sek" }), TIME, UNREADABLE, "2s"],
  [route({ serviceTime: "1m30s" }), TIME, UNREADABLE, "90s"],
  [route({ serviceTime: "0,5s" }), TIME, UNREADABLE, "0.5s"],
  [route({ serviceTime: "1d" }), TIME, UNREADABLE, "24h"],
  [route({ serviceTime: "120" }), TIME, UNREADABLE, "120ms or 120s"],
  [
    route({ serviceTime: "100-200ms" }),
    TIME,
    UNREADABLE,
    "uniform(min=100ms, max=200ms)",
  ],
  [
    { server: { port: "8080" }, routes: [] },
    "/server/port",
    "Expected a whole number, received a string",
    "8080",
  ],
  [
    route({ faults: [{ share: "5%", status: 500 }] }),
    "/routes/0/faults/0/share",
    "Expected a share",
    "0.05",
  ],
  [
    route({ faults: [{ share: 7, status: 500 }] }),
    "/routes/0/faults/0/share",
    "Must be from 0 to 1",
    "0.07",
  ],
  [
    route({ response: { size: "10 megabytes" } }),
    "/routes/0/response/size",
    UNREADABLE,
    "10MB",
  ],
  // Forms.
  [
    route({ serviceTime: { type: "lognormal", median: "80ms", p99: "1s" } }),
    TIME,
    "Expected an object with one key",
    "{ lognormal: { median: …, p99: … } }",
  ],
  [
    route({ serviceTime: { type: "lognormal of a kind" } }),
    "/routes/0/serviceTime/type",
    "Unknown family",
    undefined,
  ],
  [
    { routes: { "/a": { scale: 2 } } },
    "/routes",
    "Expected a list, received an object",
    '[{"path":"/a","scale":2}]',
  ],
  [
    route({ faults: { share: 0.1, status: 500 } }),
    "/routes/0/faults",
    "Expected a list, received an object",
    '[{"share":0.1,"status":500}]',
  ],
  [
    { routes: [{ path: "http://localhost:8080/a" }] },
    "/routes/0/path",
    "A path starts with a slash",
    "/a",
  ],
  // WireMock.
  [
    route({ fixedDelayMilliseconds: 200 }),
    "/routes/0/fixedDelayMilliseconds",
    UNKNOWN,
    "serviceTime",
  ],
  [
    route({ response: { status: 200, jsonBody: {} } }),
    "/routes/0/response/jsonBody",
    UNKNOWN,
    "json",
  ],
  [
    route({ faults: [{ share: 0.1, action: "CONNECTION_RESET_BY_PEER" }] }),
    "/routes/0/faults/0/action",
    "Must be",
    "connection-reset",
  ],
  // Toxiproxy.
  [
    { toxics: [], routes: [] },
    "/toxics",
    UNKNOWN,
    "faults, serviceTime and wire, keys of a route",
  ],
  [
    route({ jitter: 100 }),
    "/routes/0/jitter",
    UNKNOWN,
    'serviceTime: "normal(mean=…, sd=…)"',
  ],
  [
    route({ faults: [{ toxicity: 0.1, share: 0.1, action: "reset_peer" }] }),
    "/routes/0/faults/0/action",
    "Must be",
    "connection-reset",
  ],
  // nginx.
  [
    route({ proxy_pass: "http://127.0.0.1:3000" }),
    "/routes/0/proxy_pass",
    UNKNOWN,
    "response: { proxy: … }",
  ],
  [
    route({ limit_req: { rate: "10r/s" } }),
    "/routes/0/limit_req",
    UNKNOWN,
    "limiter: { rateLimit: … }",
  ],
  [
    pool({ rateLimit: { rate: "10r/s" } }),
    "/plugins/limiter/pools/db/rateLimit/rate",
    UNREADABLE,
    "10/s",
  ],
  [
    pool({ max_conns: 10 }),
    "/plugins/limiter/pools/db/max_conns",
    UNKNOWN,
    "concurrency",
  ],
  // Queueing theory and others.
  [
    route({ degrade: { model: "M/M/c", servers: 3 } }),
    "/routes/0/degrade/model",
    "Must be",
    "erlang-c",
  ],
  [
    { plugins: { exporters: { prometheus: { port: 9090 } } }, routes: [] },
    "/plugins/exporters/prometheus/port",
    UNKNOWN,
    "path, on the port of the server",
  ],
];

/** A script with one scenario. */
const scenario = (keys: object, more: object = {}) => ({
  scenarios: {
    s: {
      executor: "arrival-rate",
      rate: "10/s",
      duration: "1s",
      requests: [{ path: "/a" }],
      ...keys,
    },
  },
  ...more,
});
const threshold = (thresholds: unknown) => scenario({}, { thresholds });
const request = (written: unknown) => scenario({ requests: [written] });
const AT = "/scenarios/s";
const FIRST = "/thresholds/responseTime/0";

const SCRIPTS: readonly Row[] = [
  [
    request({ path: "/a", method: "post" }),
    `${AT}/requests/0/method`,
    "A method is written in upper case",
    "POST",
  ],
  [
    request({ path: "https://shop.test/a" }),
    `${AT}/requests/0/path`,
    "A path begins with a slash",
    "/a",
  ],
  [
    request("/a"),
    `${AT}/requests/0`,
    "Expected an object, received a string",
    '{ path: "/a" }',
  ],
  [
    scenario({ requests: { path: "/a" } }),
    `${AT}/requests`,
    "Expected a list, received an object",
    '[{"path":"/a"}]',
  ],
  [
    scenario({ executor: "arival-rate" }),
    `${AT}/executor`,
    "There is no executor",
    "arrival-rate",
  ],
  [scenario({ rate: "10 req/s" }), `${AT}/rate`, UNREADABLE, "10/s"],
  [
    scenario({
      rate: { ramp: { from: "1/s", target: "9/s", duration: "3s" } },
    }),
    `${AT}/rate/ramp/target`,
    UNKNOWN,
    "to",
  ],
  // Thresholds.
  [threshold({ responseTime: ["p95<200"] }), FIRST, UNREADABLE, "p(95)<200"],
  [threshold({ responseTime: ["median <1s"] }), FIRST, UNREADABLE, "med <1s"],
  [threshold({ responseTime: ["p(95)=<1s"] }), FIRST, UNREADABLE, "p(95)<=1s"],
  [threshold({ responseTime: ["p(95)<2 sek"] }), FIRST, UNREADABLE, "p(95)<2s"],
  [
    threshold({ responseTime: ["p(95<200ms"] }),
    FIRST,
    UNREADABLE,
    "p(95)<200ms",
  ],
  [threshold({ responseTime: ["p(101)<1s"] }), FIRST, UNREADABLE, undefined],
  [
    threshold({ failed: ["rate<1%"] }),
    "/thresholds/failed/0",
    UNREADABLE,
    "rate<0.01",
  ],
  [
    threshold({ responseTime: "p(95)<200ms" }),
    "/thresholds/responseTime",
    "Expected a list, received a string",
    '["p(95)<200ms"]',
  ],
  [
    threshold(["p(95)<200ms"]),
    "/thresholds",
    "Expected an object, received a list",
    undefined,
  ],
  // k6.
  [
    scenario({ executor: "constant-arrival-rate", timeUnit: "1s" }),
    `${AT}/timeUnit`,
    UNKNOWN,
    'rate with its unit, such as "50/s"',
  ],
  [
    { vus: 10, duration: "30s" },
    "/vus",
    UNKNOWN,
    "scenarios: { load: { executor: …, … } }",
  ],
  [
    threshold({ http_req_duration: ["p(95)<200"] }),
    "/thresholds/http_req_duration",
    "There is no figure",
    "responseTime",
  ],
  [
    threshold({ "http_req_failed": ["rate<0.01"] }),
    "/thresholds/http_req_failed",
    "There is no figure",
    "failed",
  ],
  [
    threshold({ "http_req_duration{scenario:s}": ["p(95)<200"] }),
    "/thresholds/http_req_duration{scenario:s}",
    "A threshold has no tags",
    "s.responseTime",
  ],
  [
    threshold({ "vus{group:a}": ["p(95)<200"] }),
    "/thresholds/vus{group:a}",
    "A threshold has no tags",
    undefined,
  ],
  [
    threshold({ responseTime: [{ threshold: "p(95)<1s" }] }),
    `${FIRST}/threshold`,
    UNKNOWN,
    "expression",
  ],
  // Artillery, JMeter.
  [
    { config: { target: "http://a" }, scenarios: [] },
    "/config",
    UNKNOWN,
    "target and scenarios, keys of the script itself",
  ],
  [
    { config: {}, scenarios: [{ flow: [] }] },
    "/scenarios",
    "Expected an object, received a list",
    undefined,
  ],
  [
    request({ get: { url: "/a" } }),
    `${AT}/requests/0/get`,
    UNKNOWN,
    "method: GET with a path",
  ],
  [
    { threadGroup: {} },
    "/threadGroup",
    UNKNOWN,
    "scenarios: { load: { executor: …, … } }",
  ],
];

for (const row of CONFIGURATIONS) {
  Deno.test(`a mistake in a configuration: ${JSON.stringify(row[0])}`, async () => {
    const written = row[0] as PerfmockInput;
    const { issues } = await errorOf(() =>
      createPerfmock(written, { listen: false })
    );
    check(issues, row);
  });
}

for (const row of SCRIPTS) {
  Deno.test(`a mistake in a load script: ${JSON.stringify(row[0])}`, async () => {
    await using server = await createPerfmock({}, { listen: false });
    check((await errorOf(() => server.simulate(row[0]))).issues, row);
  });
}

Deno.test("a scenario whose executor is misspelt is judged as one of the executor that was meant", async () => {
  await using server = await createPerfmock({}, { listen: false });
  const script = scenario({ executor: "arrival-rte", rate: "10 rps", wait: 1 });
  const { issues } = await errorOf(() => server.simulate(script));
  deepEqual(issues.map(({ path, suggestion }) => [path, suggestion]), [
    [`${AT}/executor`, "arrival-rate"],
    [`${AT}/rate`, "10/s"],
    [`${AT}/wait`, undefined],
  ]);
  const users = {
    executor: "ramping-vus",
    stages: [],
    requests: [{ path: "/" }],
  };
  const k6 = await errorOf(() => server.simulate({ scenarios: { users } }));
  deepEqual(k6.issues.map(({ path, suggestion }) => [path, suggestion]), [
    ["/scenarios/users/executor", "virtual-users"],
    ["/scenarios/users/stages", "users"],
  ]);
  const dial = { executor: "modulte", set: { route: "r", dial: "d" }, to: 1 };
  const control = await errorOf(() => server.simulate({ scenarios: { dial } }));
  equal(control.issues[0].suggestion, "modulate");
  deepEqual(control.issues.slice(1).map(({ path }) => path), [
    "/scenarios/dial/set/route",
  ]);
});

Deno.test("one wrong list of thresholds leaves the others to be judged", async () => {
  await using server = await createPerfmock({}, { listen: false });
  const script = threshold({ responseTime: "p(95)<1s", faild: ["rate<0.01"] });
  const { issues } = await errorOf(() => server.simulate(script));
  deepEqual(issues.map(({ path }) => path), [
    "/thresholds/responseTime",
    "/thresholds/faild",
  ]);
});

/** A call of the control API, with the status and the issue of its answer. */
type Call = readonly [
  line: string,
  body: unknown,
  status: number,
  path: string,
  suggestion: string | undefined,
];

const CALLS: readonly Call[] = [
  [
    "PATCH routes/search",
    { latency: 5 },
    400,
    "/routes/0/latency",
    "serviceTime",
  ],
  ["PATCH routes/serach", { scale: 2 }, 404, "", "search"],
  ["GET routes/serach", undefined, 404, "", "search"],
  ["PATCH backend", { speed: 2 }, 400, "/speed", "scale"],
  ["POST sessions", { nme: "w1" }, 400, "/nme", "name"],
  ["GET requests?route=serach", undefined, 404, "/route", "search"],
  ["GET requests?outcome=rejectd", undefined, 400, "/outcome", "rejected"],
  ["GET requests?slower=2sec", undefined, 400, "/slower", "2s"],
  [
    "POST load_engine/runs",
    { vus: 3 },
    400,
    "/vus",
    "scenarios: { load: { executor: …, … } }",
  ],
  [
    "POST resource_stress/scenarios",
    { cpu: { load: 50 } },
    400,
    "/cpu/load",
    "0.5",
  ],
];

for (const [line, body, status, path, suggestion] of CALLS) {
  Deno.test(`a mistake in a control call: ${line} ${JSON.stringify(body)}`, async () => {
    await using server = await createPerfmock({
      routes: [{ id: "search", path: "/search" }],
    }, { listen: false });
    const [method, target] = line.split(" ");
    const response = await call(server, `/_perfmock/${target}`, {
      method,
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    const answer = await response.json();
    const issue = answer.issues.find((issue: Issue) => issue.path === path);
    deepEqual([response.status, issue?.suggestion], [status, suggestion]);
    ok(issue.allowed !== "a string", issue.allowed);
  });
}

/** Commands, and the text on standard error. */
const COMMANDS: readonly (readonly [command: string, error: RegExp])[] = [
  [
    "validate mock.yaml",
    /unknown command 'validate'\n\(Did you mean check\?\)/,
  ],
  ["start", /unknown command 'start'\n\(Did you mean serve\?\)/],
  [
    "benchmark spike.yaml",
    /unknown command 'benchmark'\n\(Did you mean load\?\)/,
  ],
  ["serve --prot 8080", /unknown option '--prot'\n\(Did you mean --port\?\)/],
  ["explain normal(120ms,20ms)", /suggestion: normal\(mean=120ms, sd=20ms\)/],
  ["explain 2sek", /suggestion: 2s$/m],
  [
    "draw --route serach --sequence 0",
    /There is no route "serach"[^]*suggestion: search/,
  ],
];

for (const [command, error] of COMMANDS) {
  Deno.test(`a mistake in a command: ${command}`, async () => {
    const { status, err } = await cli(...command.split(" "));
    equal(status, 2, err);
    match(err, error);
  });
}
