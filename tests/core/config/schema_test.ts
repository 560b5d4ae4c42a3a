import assert from "node:assert/strict";
import { z } from "zod";
import {
  createConfigSchemas,
  deepFreeze,
  type PerfmockConfig,
  type RouteKey,
  validateConfig,
} from "../../../core/config/mod.ts";
import { createKit } from "../../../core/config/kit.ts";
import type { Issue } from "../../../core/errors.ts";
import type { Distribution } from "../../../core/plugin.ts";
import { DEFAULTS } from "../../support/defaults.ts";

const DISTRIBUTION = { family: "fake" } as Distribution;

const kit = createKit({
  folder: "/",
  distribution: (value) =>
    value === "good"
      ? { value: DISTRIBUTION }
      : { issues: [{ path: "/lognormal/p99", message: "Bad", value: 1 }] },
});

const routeKeys = new Map<string, RouteKey>([
  ["serviceTime", { plugin: "distributions", schema: kit.distribution() }],
  ["limiter", {
    plugin: "limiter",
    schema: z.union([
      z.string(),
      z.strictObject({ concurrency: kit.integer({ min: 1 }) }),
    ]),
  }],
  ["odd", { plugin: "odd", schema: z.custom((value) => value === 1) }],
]);

function read(value: unknown): PerfmockConfig {
  const result = validateConfig(value, {
    kit,
    ...createConfigSchemas({ kit, routeKeys }),
  });
  assert.ok(result.issues === undefined, JSON.stringify(result.issues));
  return result.value;
}

function issuesOf(value: unknown): readonly Issue[] {
  return validateConfig(value, {
    kit,
    ...createConfigSchemas({ kit, routeKeys }),
  }).issues ?? [];
}

function messages(value: unknown): string[][] {
  return issuesOf(value).map(({ path, message }) => [path, message]);
}

/** Returns the issues of one route, as path and message. */
function routeIssues(route: unknown): string[][] {
  return messages({ routes: [route] })
    .map(([path, message]) => [path.replace("/routes/0", ""), message]);
}

Deno.test("validateConfig() fills in the defaults", () => {
  assert.deepEqual(read({}), DEFAULTS);
  assert.deepEqual(read({ routes: [{ path: "/" }] }).routes, [{
    id: "get-root",
    methods: ["GET"],
    path: "/",
    response: { status: 200, headers: {} },
    faults: [],
    plugins: {},
  }]);
});

Deno.test("validateConfig() parses all settings", () => {
  const config = read({
    $schema: "./perfmock.schema.json",
    seed: "a word",
    server: { host: "::1", port: 0, cors: false, drainTimeout: "1s" },
    control: { path: "/a/b", token: "secret" },
    plugins: { b: false, a: { x: 1 } },
    routes: [{
      id: "orders",
      method: ["get", "POST", "GET"],
      path: "/api/orders/:id{[0-9]+}",
      serviceTime: "good",
      limiter: { concurrency: 2 },
      odd: 1,
      response: { status: 404, headers: { "X-A": "b" }, json: null },
    }, { path: "/text", method: "*", response: { text: "" } }],
  });
  assert.equal(config.server.drainTimeout, 1000);
  assert.deepEqual(Object.keys(config.plugins), ["b", "a"]);
  assert.ok(!("$schema" in config));
  assert.deepEqual(config.routes, [{
    id: "orders",
    methods: ["GET", "POST"],
    path: "/api/orders/:id{[0-9]+}",
    response: { status: 404, headers: { "X-A": "b" }, json: null },
    faults: [],
    plugins: {
      serviceTime: DISTRIBUTION,
      limiter: { concurrency: 2 },
      odd: 1,
    },
  }, {
    id: "any-text",
    methods: ["*"],
    path: "/text",
    response: { status: 200, headers: {}, text: "" },
    faults: [],
    plugins: {},
  }]);
});

Deno.test("validateConfig() reports all issues at once, including those between settings", () => {
  assert.deepEqual(
    messages({
      seed: 1.5,
      server: { host: "0.0.0.0", port: 70_000, prot: 1 },
      control: { path: "x/" },
      plugins: { a: true },
      routes: [{ path: "/a", serviceTime: {} }, { path: "/a" }, "x"],
    }),
    [
      ["/seed", "Expected a whole number, received 1.5"],
      ["/server/port", "Must be from 0 to 65535, received 70000"],
      ["/server/prot", 'Unknown key "prot"'],
      [
        "/control/path",
        'Must start with a slash and not end with one, received "x/"',
      ],
      ["/plugins/a", "Must be false, received true"],
      ["/routes/0/serviceTime/lognormal/p99", "Bad"],
      ["/routes/2", "Expected an object, received a string"],
      [
        "/server/host",
        "Cannot listen beyond loopback without a token: anyone could use the control API",
      ],
      [
        "/routes/1/path",
        'This route never answers GET /a: route "get-a" matches it first',
      ],
    ],
  );
});

Deno.test("validateConfig() suggests among core's and the plugins' route keys", () => {
  const [issue] = issuesOf({ routes: [{ path: "/", serviceTme: "good" }] });
  assert.equal(issue.suggestion, "serviceTime");
  assert.equal(
    issue.allowed,
    "serviceTime, limiter, odd, id, method, path, delay, when, response, responses, turns, wire, websocket or faults",
  );
  const [core] = issuesOf({ routes: [{ path: "/", respones: {} }] });
  assert.equal(core.suggestion, "response");
});

Deno.test("validateConfig() validates a plugin's route keys with the plugin's schema", () => {
  assert.deepEqual(
    routeIssues({ path: "/", limiter: { concurrency: 0 }, odd: 2 }),
    [
      ["/limiter/concurrency", "Must be at least 1, received 0"],
      ["/odd", "Invalid input"],
    ],
  );
});

Deno.test("validateConfig() parses the source of a certificate", () => {
  const tls = (value: unknown) =>
    messages({ server: { tls: value } }).map(([path]) => path);
  assert.deepEqual(tls("self-signed"), []);
  assert.deepEqual(tls({ cert: "cert.pem", key: "key.pem" }), []);
  assert.deepEqual(tls({}), ["/server/tls/cert", "/server/tls/key"]);
  assert.deepEqual(tls("none"), ["/server/tls"]);
  assert.deepEqual(
    read({ server: { tls: { cert: "cert.pem", key: "key.pem" } } }).server.tls,
    { cert: "/cert.pem", key: "/key.pem" },
  );
});

Deno.test("validateConfig() refuses values that are not objects", () => {
  for (const value of [null, [], "x", 1, undefined]) {
    assert.equal(issuesOf(value).length, 1);
  }
});

Deno.test("validateConfig() requires a token beyond loopback", () => {
  const loopback = ["127.0.0.1", "127.1.2.3", "::1", "localhost"];
  for (const host of loopback) read({ server: { host } });
  for (const host of ["0.0.0.0", "::", "127.0.0.1.example.com", "example"]) {
    assert.equal(issuesOf({ server: { host } })[0].path, "/server/host", host);
    assert.equal(
      issuesOf({ server: { host }, control: { token: null } }).length,
      1,
    );
    read({ server: { host }, control: { token: "secret" } });
  }
});

Deno.test("validateConfig() reads a host as a name or an address alone, and suggests the one that was meant", () => {
  for (
    const host of [
      "",
      " ",
      "127.0.0.1:80",
      "http://localhost",
      "a/b",
      "[::1]:8",
    ]
  ) {
    const [issue, ...others] = issuesOf({ server: { host } });
    assert.equal(issue.path, "/server/host", host);
    assert.match(issue.message, /a host name or an address alone/);
    assert.deepEqual(others, []);
  }
  const control = { token: "secret" };
  for (
    const host of ["::", "[::1]", "fe80::1%eth0", "my_host.example", "ü.de"]
  ) {
    read({ server: { host }, control });
  }
  const [{ suggestion }] = issuesOf({ server: { host: "localhst" } });
  assert.equal(suggestion, "localhost");
  const [other] = issuesOf({ server: { host: "example" } });
  assert.equal(other.suggestion, "Set control.token");
});

Deno.test("validateConfig() checks methods", () => {
  assert.deepEqual(routeIssues({ path: "/", method: "G T" }), [
    ["/method", 'Not a method: "G T"'],
  ]);
  assert.deepEqual(routeIssues({ path: "/", method: ["GET", "*"] }), [
    ["/method/1", 'Not a method: "*"'],
  ]);
  assert.deepEqual(routeIssues({ path: "/", method: [] }), [
    ["/method", "Must have at least 1 entry, received 0"],
  ]);
  assert.deepEqual(routeIssues({ path: "/", method: 1 }), [
    ["/method", "Expected a string or a list, received a number"],
  ]);
});

Deno.test("validateConfig() checks paths", () => {
  const paths = [
    "/",
    "/a/:b/c",
    "/:a?",
    "/a/:b?/c",
    "/files/*",
    "/:id{[0-9]+}",
    "/:date{\\d{4}}",
    "/%20",
  ];
  for (const path of paths) read({ routes: [{ path }] });
  const suggestion = (path: string) =>
    issuesOf({ routes: [{ path }] })[0]?.suggestion;
  assert.equal(suggestion("a"), "/a");
  assert.equal(suggestion("http://host/a"), "/a");
  assert.equal(suggestion("/a?b=c"), "/a");
  assert.equal(suggestion("/a#b"), "/a");
  assert.equal(suggestion("/a//b"), "/a/b");
  assert.deepEqual(routeIssues({ path: "/a b" }), [
    ["/path", "A path has no white space: write it as %20"],
  ]);
  assert.deepEqual(routeIssues({ path: "/:id{[}" }), [
    ["/path", 'Cannot match the path "/:id{[}"'],
  ]);
  assert.deepEqual(routeIssues({}), [["/path", "Missing"]]);
});

Deno.test("validateConfig() checks responses", () => {
  const response = (response: unknown) =>
    routeIssues({ path: "/", response })
      .map(([path, message]) => [path.replace("/response", ""), message]);
  assert.deepEqual(response({ status: 101 }), [
    ["/status", "Must be from 200 to 599, received 101"],
  ]);
  assert.deepEqual(response({ json: 1, text: "" }), [
    ["", "A response has one body only"],
  ]);
  assert.deepEqual(response({ status: 204, text: "" }), [
    ["/text", "A response with status 204 has no body"],
  ]);
  assert.deepEqual(response({ status: 304, json: null }), [
    ["/json", "A response with status 304 has no body"],
  ]);
  assert.deepEqual(
    response({
      headers: { "a b": "", date: "", x: "a\r\nb: c", "x-é": "", y: 1 },
    }),
    [["/headers/y", "Expected a string or a list, received a number"]],
  );
  assert.deepEqual(
    response({
      headers: {
        "Set-Cookie": ["a=1", "b=2"],
        Connection: "Close",
      },
    }),
    [],
  );
  assert.deepEqual(
    response({
      headers: {
        connection: "keep-alive",
        Connection: ["close", "close"],
        x: ["a", "b\r\n"],
      },
    }),
    [
      [
        "/headers/connection",
        'The server writes the header "connection" itself, except to close connections',
      ],
      [
        "/headers/Connection",
        'The server writes the header "Connection" itself, except to close connections',
      ],
      [
        "/headers/x/1",
        'The header "x" contains a character that is not allowed in headers',
      ],
    ],
  );
  assert.deepEqual(response({ headers: { x: [] } }), [
    ["/headers/x", "Must have at least 1 entry, received 0"],
  ]);
  assert.deepEqual(
    response({ headers: { "a b": "", Date: "", x: "a\r\nb: c", y: "€" } }),
    [
      ["/headers/a b", 'Not the name of a header: "a b"'],
      ["/headers/Date", 'The server writes the header "Date" itself'],
      [
        "/headers/x",
        'The header "x" contains a character that is not allowed in headers',
      ],
      [
        "/headers/y",
        'The header "y" contains a character that is not allowed in headers',
      ],
    ],
  );
});

Deno.test("validateConfig() accepts any JSON value as a body, and nothing else", () => {
  const json = (json: unknown) =>
    routeIssues({ path: "/", response: { json } })
      .map(([path, message]) => [path.replace("/response/json", ""), message]);
  const loop: unknown[] = [];
  loop.push({ loop });
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  const twice = { a: 1 };
  assert.deepEqual(json([null, true, 1, "x", { a: {} }, twice, twice]), []);
  assert.deepEqual(json(new Date(0)), []);
  assert.deepEqual(json({ a: [NaN, undefined, 1n, () => 1] }), [
    ["/a/0", "Cannot write NaN as JSON"],
    ["/a/1", "Cannot write undefined as JSON"],
    ["/a/2", "Cannot write a bigint as JSON"],
    ["/a/3", "Cannot write a function as JSON"],
  ]);
  assert.deepEqual(json(loop), [
    ["/0/loop", "Cannot write a value that contains itself as JSON"],
  ]);
  assert.equal(json(deep)[0][1], "Cannot write more than 500 levels as JSON");
});

Deno.test("validateConfig() refuses two routes with the same id", () => {
  assert.deepEqual(
    messages({
      routes: [
        { path: "/a/b" },
        { path: "/a-b" },
        { path: "/c", id: "x" },
        { path: "/d", id: "x" },
      ],
    }),
    [
      [
        "/routes/1/id",
        'Routes GET /a/b and GET /a-b have the same id "get-a-b"',
      ],
      ["/routes/3/id", 'Routes GET /c and GET /d have the same id "x"'],
    ],
  );
});

Deno.test("validateConfig() refuses routes hidden by earlier ones", () => {
  const shadowed = (...routes: [string | string[], string][]) =>
    issuesOf({
      routes: routes.map(([method, path], i) => ({ id: `${i}`, method, path })),
    }).map(({ path }) => path);
  assert.deepEqual(shadowed(["GET", "/a/:id"], ["get", "/a/:name"]), [
    "/routes/1/path",
  ]);
  assert.deepEqual(shadowed(["*", "/a"], ["GET", "/a"]), ["/routes/1/path"]);
  assert.deepEqual(shadowed([["GET", "PUT"], "/a"], ["PUT", "/a"]), [
    "/routes/1/path",
  ]);
  assert.deepEqual(shadowed(["GET", "/a"], ["*", "/a"], ["PUT", "/b"]), []);
  assert.deepEqual(
    shadowed(["GET", "/:a{[0-9]+}"], ["GET", "/:a"], ["GET", "/:a?"]),
    [],
  );
});

Deno.test("deepFreeze() freezes plain objects and lists at any depth", () => {
  const value = deepFreeze({ a: [{ b: 1 }], c: Object.create(null), d: null });
  assert.ok(Object.isFrozen(value));
  assert.ok(Object.isFrozen(value.a));
  assert.ok(Object.isFrozen(value.a[0]));
  assert.ok(Object.isFrozen(value.c));
  assert.equal(deepFreeze(1), 1);
});

Deno.test("deepFreeze() does not freeze class instances, and ends at cycles", () => {
  const date = new Date(0);
  const loop: Record<string, unknown> = { date, run: () => 1 };
  loop.loop = loop;
  deepFreeze(loop);
  assert.ok(Object.isFrozen(loop));
  assert.ok(!Object.isFrozen(date));
});

Deno.test("deepFreeze() does not evaluate getters", () => {
  let evaluated = false;
  deepFreeze({
    get lazy() {
      evaluated = true;
      return 1;
    },
  });
  assert.equal(evaluated, false);
});

Deno.test("validateConfig() lists a hundred unknown keys of an object, and the number of the others", () => {
  const keys = Array.from({ length: 60_000 }, (_, i) => [`k${i}`, i]);
  const result = validateConfig(Object.fromEntries(keys), {
    kit,
    ...createConfigSchemas({ kit, routeKeys: new Map() }),
  });
  const messages = (result.issues ?? []).map(({ message }) => message);
  assert.equal(messages.length, 101);
  assert.equal(messages[99], 'Unknown key "k99"');
  assert.equal(messages[100], "There are 59900 more unknown keys");
});
