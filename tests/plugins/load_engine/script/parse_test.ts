import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import type { Issue } from "../../../../core/plugin.ts";
import type { RequestPlan } from "../../../../plugins/load_engine/order.ts";
import { parseScript } from "../../../../plugins/load_engine/script/parse.ts";
import type {
  Script,
  Traffic,
} from "../../../../plugins/load_engine/script/script.ts";
import { folderWith } from "../../../support/plugins.ts";
import { FakeDials, host, issuesOf, one, parse } from "../_scripts.ts";

const REQUESTS = [{ path: "/a" }];
const SEND = {
  executor: "arrival-rate",
  rate: "1/s",
  duration: "1s",
  requests: REQUESTS,
};
const TURN = { user: 3, iteration: 5, number: 8, place: 1234 };

function traffic({ scenarios: [first] }: Script): Traffic {
  return first as Traffic;
}

async function request(written: object, more: object = {}) {
  const script = await one({
    ...SEND,
    ...more,
    requests: [{ path: "/a", ...written }],
  });
  return traffic(script).requests[0];
}

/** Returns each issue as path, message and suggestion. */
function textsOf(issues: readonly Issue[]): string[] {
  return issues.map(({ path, message, suggestion }) =>
    [path, message, suggestion].filter((part) => part !== undefined).join(" | ")
  );
}

Deno.test("All issues of a script are reported at once, each with its path", async () => {
  const issues = await issuesOf({
    name: "x y",
    seeed: 7,
    target: "http://example.com/",
    scenarios: {
      browse: { executor: "arival-rate" },
      empty: { ...SEND, requests: [] },
      unit: {
        ...SEND,
        rate: "400",
        pikc: 1,
        variables: {
          id: { integer: { min: 4, max: 1 } },
          "1x": { choice: [1] },
          user: { choice: [1] },
          both: { choice: [1], integer: { min: 1, max: 2 } },
        },
        requests: [{ path: "a/{{idd}}", query: { q: "{{nope}}" }, wait: 3 }],
      },
      endless: { executor: "virtual-users", users: 3, requests: REQUESTS },
      unsorted: {
        executor: "replay",
        trace: { times: [5, 3] },
        requests: REQUESTS,
      },
      odd: 3,
      dial: {
        executor: "modulate",
        set: { route: "orders", dial: "scael" },
        to: 1,
      },
      burn: { executor: "stress", scenario: {} },
    },
    thresholds: {
      "browse.responseTime": ["p(95)<200ms"],
      "brows.responseTime": ["p(95)<200ms"],
      failed: ["rate<x"],
    },
  }, { dials: new FakeDials() });
  deepEqual(textsOf(issues).sort(), [
    "/name | A name is made of up to 100 letters, digits, _, . and -",
    "/scenarios/browse/duration | Missing",
    '/scenarios/browse/executor | There is no executor "arival-rate" | arrival-rate',
    "/scenarios/browse/rate | Missing",
    "/scenarios/browse/requests | Missing",
    "/scenarios/burn/executor | No active plugin can put stress on the machine",
    '/scenarios/dial/set/dial | There is no dial "scael" that can be turned | scale',
    "/scenarios/empty/requests | A scenario without requests sends nothing",
    "/scenarios/endless | Without iterations or a duration it has no end",
    "/scenarios/odd | A scenario is an object with an executor",
    '/scenarios/unit/pikc | Must be "weighted" or "in-order", received 1',
    '/scenarios/unit/pikc | Unknown key "pikc" | pick',
    '/scenarios/unit/rate | Cannot read "400" as a rate | 400/s',
    "/scenarios/unit/requests/0/path | A path begins with a slash and has no spaces | /a/{{idd}}",
    '/scenarios/unit/requests/0/path | There is no value "idd" | id',
    '/scenarios/unit/requests/0/query/q | There is no value "nope"',
    '/scenarios/unit/requests/0/wait | Unknown key "wait"',
    "/scenarios/unit/variables/1x | A variable's name is made of letters, digits and _",
    "/scenarios/unit/variables/both | A variable is one of integer, choice and csv",
    "/scenarios/unit/variables/id/integer/max | The maximum is below the minimum",
    '/scenarios/unit/variables/user | Every scenario has a value "user" of its own',
    "/scenarios/unsorted/trace/times/1 | The times are not in order: number 2 is before the one above it",
    '/seeed | Unknown key "seeed" | seed',
    '/target | Target http://example.com is not allowed | List it in the configuration: plugins: { load_engine: { targets: ["http://example.com"] } }',
    '/thresholds/brows.responseTime | There is no scenario "brows" that sends requests | browse',
    "/thresholds/failed/0 | Cannot read the threshold at column 6: a number is expected",
  ]);
});

Deno.test("A value that is not a script is rejected", async () => {
  for (const value of [undefined, null, 3, "x", [], {}, { scenarios: {} }]) {
    ok((await issuesOf(value)).length > 0, JSON.stringify(value));
  }
  await rejects(parse({ scenarios: { s: { ...SEND, executor: 3 } } }), {
    code: "SCRIPT_INVALID",
    message: "Cannot use the script: 1 error",
  });
  deepEqual(textsOf(await issuesOf({ scenarios: { s: {} } })), [
    "/scenarios/s/executor | A scenario needs an executor",
  ]);
  deepEqual(textsOf(await issuesOf({ scenarios: { s: SEND }, target: 3 })), [
    "/target | Expected a string, received a number",
  ]);
});

Deno.test("A target is this machine or a listed origin", async () => {
  const scenarios = { s: SEND };
  for (
    const target of [
      "http://localhost:1",
      "http://127.0.0.1:8080",
      "http://[::1]/base",
      "https://shop.localhost",
    ]
  ) {
    equal(
      (await parse({ target, scenarios })).target?.href.startsWith(target),
      true,
    );
  }
  const listed = { targets: ["https://staging.example.com"] };
  const target = "https://staging.example.com/api";
  equal((await parse({ target, scenarios }, listed)).target?.href, target);
  for (
    const [target, message] of [
      ["https://staging.example.com:444", /not allowed/],
      ["http://staging.example.com", /not allowed/],
      ["http://127.0.0.1.example.com", /not allowed/],
      ["ftp://localhost", /URL of a server/],
      ["localhost:8080", /URL of a server/],
      ["http://me:secret@localhost", /without query or password/],
    ] as const
  ) {
    const [issue] = await issuesOf({ target, scenarios }, listed);
    match(issue.message, message);
  }
  equal((await parse({ scenarios })).target, undefined);
});

Deno.test("On a load thread a script is read without a server: dials, stress and targets were checked before", async () => {
  const script = await parseScript({
    target: "http://example.com",
    scenarios: {
      s: SEND,
      m: { executor: "modulate", set: { route: "r", dial: "d" }, to: 1 },
      b: { executor: "stress", scenario: { cpu: 1 } },
    },
  }, { ...host, folder: "/" });
  const [, m, b] = script.scenarios;
  ok(m.executor === "modulate" && m.course === undefined);
  ok(b.executor === "stress" && b.start === 0);
});

Deno.test("Requests have method, path, query, headers and body, with filled placeholders", async () => {
  const variables = { who: { choice: ["a b&c"] } };
  const render = (
    { method, path, headers, body }: RequestPlan,
  ) => [
    method,
    path.render(TURN),
    headers.map(([name, value]) => `${name}: ${value.render(TURN)}`),
    body?.render(TURN),
  ];
  deepEqual(
    render(
      await request({
        method: "POST",
        path: "/o/{{ number }}/é?x=1",
        query: { q: "é {{who}}", n: 5, ok: true },
        headers: { "X-User": "u{{user}}" },
        json: { who: '{{who}} "{{iteration}}"', n: 1 },
      }, { variables }),
    ),
    [
      "POST",
      "/o/8/%C3%A9?x=1&q=%C3%A9%20a%20b%26c&n=5&ok=true",
      ["x-user: u3", "content-type: application/json"],
      '{"who":"a b&c \\"5\\"","n":1}',
    ],
  );
  deepEqual(
    render(
      await request({ query: { a: 1 }, text: "hi {{who}}" }, { variables }),
    ),
    ["GET", "/a?a=1", ["content-type: text/plain"], "hi a b&c"],
  );
  const plain = await request({
    headers: { "Content-Type": "text/csv" },
    text: "x",
  });
  deepEqual(
    [plain.path.constant, plain.body?.constant, plain.headers.length],
    ["/a", "x", 1],
  );
});

Deno.test("A value cannot break out of a header or a JSON text", async () => {
  const plan = await request({
    headers: { "x-a": "{{v}}" },
    json: "{{v}}",
  }, { variables: { v: { choice: ['a\r\nb"\\'] } } });
  equal(plan.headers[0][1].render(TURN), 'a  b"\\');
  equal(JSON.parse(plan.body?.render(TURN) ?? ""), 'a\r\nb"\\');
});

Deno.test("Requests have names, groups, checks, timeouts and defaults", async () => {
  const plan = await request({
    name: "list",
    group: "browse",
    check: { status: 200, body: "ok" },
    timeout: "2s",
    keepAlive: false,
    weight: 5,
  });
  deepEqual(
    [plan.name, plan.group, plan.timeout, plan.keepAlive, plan.weight],
    ["list", "browse", 2000, false, 5],
  );
  deepEqual(plan.check, { status: [200], body: "ok" });
  const bare = await request({ check: { status: [200, 404] } });
  deepEqual(
    [bare.name, bare.group, bare.timeout, bare.keepAlive, bare.weight],
    ["GET /a", undefined, 30_000, true, 1],
  );
  deepEqual(bare.check, { status: [200, 404], body: undefined });
});

Deno.test("Contradictory requests are rejected", async () => {
  const issuesIn = async (...requests: unknown[]) =>
    textsOf(await issuesOf({ scenarios: { s: { ...SEND, requests } } }));
  deepEqual(
    await issuesIn(
      { path: "/", json: {}, text: "" },
      { path: "/", headers: { Connection: "close", Host: "x" } },
      { path: "/", name: "n", method: "get" },
      "x",
    ),
    [
      "/scenarios/s/requests/0/text | A request has one body",
      "/scenarios/s/requests/1/headers/Connection | The client writes the header Connection itself",
      "/scenarios/s/requests/1/headers/Host | The client writes the header Host itself",
      "/scenarios/s/requests/2/method | A method is written in upper case | GET",
      "/scenarios/s/requests/3 | Expected an object, received a string",
    ],
  );
  deepEqual(
    await issuesIn(
      { path: "/", name: "a" },
      { path: "/", name: "a" },
      { path: "/", name: "b", group: "c" },
      { path: "/", name: "c" },
    ),
    [
      '/scenarios/s/requests | Two requests are named "a"',
      '/scenarios/s/requests | A request and a group are both named "c"',
    ],
  );
});

Deno.test("Variables are integers, choices and columns; their values depend on the turn alone", async () => {
  await using folder = await folderWith({
    "v.csv": '\ufeffname;"city"\r\nada;"Lon;""don"\r\n\r\nbob;Rome\n',
  });
  const script = await parse(
    {
      scenarios: {
        s: {
          ...SEND,
          variables: {
            n: { integer: { min: -2, max: 2 } },
            c: { choice: ["x", 7, true] },
            turn: { csv: { file: "v.csv", column: "city" } },
            any: { csv: { file: "v.csv", column: "name", order: "random" } },
          },
          requests: [{ path: "/", text: "{{n}},{{c}},{{turn}},{{any}}" }],
        },
      },
    },
    {},
    folder.path,
  );
  const [{ body }] = traffic(script).requests;
  const rows = Array.from(
    { length: 400 },
    (_, place) =>
      body?.render({ ...TURN, number: place, place }).split(",") ?? [],
  );
  const column = (index: number) => [...new Set(rows.map((row) => row[index]))];
  deepEqual(column(0).sort(), ["-1", "-2", "0", "1", "2"]);
  deepEqual(column(1).sort(), ["7", "true", "x"]);
  deepEqual(column(3).sort(), ["ada", "bob"]);
  deepEqual(rows.slice(0, 3).map((row) => row[2]), [
    'Lon;"don',
    "Rome",
    'Lon;"don',
  ]);
  equal(
    body?.render({ ...TURN, place: 9 }),
    body?.render({ ...TURN, place: 9 }),
  );
});

Deno.test("Invalid CSV files are rejected", async () => {
  await using folder = await folderWith({
    "good.csv": "name\nada\n",
    "empty.csv": "name\n",
    "twice.csv": "a,a\n1,2\n",
    "ragged.csv": "a,b\n1,2\n3\n",
  });
  const csv = (file: string, column = "a") => ({ csv: { file, column } });
  const issues = await issuesOf(
    {
      scenarios: {
        s: {
          ...SEND,
          variables: {
            a: csv("good.csv", "nmae"),
            b: csv("empty.csv"),
            c: csv("twice.csv"),
            d: csv("ragged.csv"),
            e: csv("missing.csv"),
            f: csv("good.csv", "zzzzzz"),
          },
          requests: [{ path: "/{{a}}{{b}}" }],
        },
      },
    },
    {},
    folder.path,
  );
  const at = "/scenarios/s/variables";
  deepEqual(
    textsOf(issues).map((text) =>
      text.replace(/(Cannot read the file): .*/, "$1")
    ),
    [
      `${at}/a/csv/column | The file has no column "nmae"`,
      `${at}/b/csv/file | The file has no row below its header`,
      `${at}/c/csv/file | The header names a column twice`,
      `${at}/d/csv/file | Row 3 has 1 cells, the header has 2`,
      `${at}/e/csv/file | Cannot read the file`,
      `${at}/f/csv/column | The file has no column "zzzzzz"`,
    ],
  );
});

Deno.test("A script's file paths start from its own folder; user data is unchanged", async () => {
  await using folder = await folderWith({ "r.csv": "0,1/s\n1000,9/s\n" });
  const script = await parse(
    {
      scenarios: {
        s: {
          ...SEND,
          rate: { trace: { file: "r.csv" } },
          requests: [{ path: "/", json: { file: "r.csv" } }],
        },
      },
    },
    {},
    folder.path,
  );
  const scenario = traffic(script);
  ok(scenario.executor === "arrival-rate");
  equal(scenario.rate.at(1000), 9);
  equal(scenario.requests[0].body?.constant, '{"file":"r.csv"}');
});

Deno.test("Dials are addressed by owner and name, and set by one scenario each", async () => {
  const dials = new FakeDials();
  const m = (set: object, to: unknown = 1) => ({
    executor: "modulate",
    set,
    to,
  });
  const set = { route: "orders", dial: "scale" };
  const issues = await issuesOf({
    scenarios: {
      s: SEND,
      a: m({ dial: "scale" }),
      b: m({ route: "orders" }),
      c: m({ pool: "db", dial: "queue" }),
      d: m({ route: "order", dial: "scale" }),
      e: m(set, "fast"),
      f: m(set),
      g: m(set),
      h: { ...m(set), too: 1 },
    },
  }, { dials });
  deepEqual(textsOf(issues), [
    "/scenarios/a/set | A dial needs the name of its owner and its own name",
    "/scenarios/b/set | A dial needs the name of its owner and its own name",
    '/scenarios/c/set/pool | Nothing of kind "pool" has dials',
    '/scenarios/d/set/route | There is no route "order" that can be turned | orders',
    "/scenarios/e/to | Expected an object or a number, received a string",
    '/scenarios/h/too | Unknown key "too" | to',
    '/scenarios/g/set | Scenario "f" sets the same dial',
  ]);
  deepEqual(
    textsOf(await issuesOf({ scenarios: { f: m(set) } }, { dials })),
    [
      "/scenarios | No scenario sends requests and none has a duration: the run would end at once",
    ],
  );
});
