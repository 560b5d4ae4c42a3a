import { deepEqual, equal, match, ok } from "node:assert/strict";
import { TraceIds } from "../../../core/lib/trace.ts";
import {
  LiveExchange,
  type PlannedHooks,
} from "../../../core/pipeline/exchange.ts";
import { Matcher } from "../../../core/pipeline/matcher.ts";
import { begin } from "../../../core/pipeline/pipeline.ts";
import type { Exchange, Rejection } from "../../../core/plugin.ts";
import {
  type AnswerSettings,
  createAnswer,
  createFallback,
  milliseconds,
  serverTiming,
} from "../../../core/respond/answer.ts";
import { json } from "../../support/http.ts";
import { exchange, testPlan } from "../../support/plan.ts";

interface Given {
  readonly settings?: Partial<AnswerSettings>;
  readonly cors?: boolean;
  readonly hooks?: Partial<PlannedHooks>;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

function exchangeOf(given: Given = {}) {
  const { settings, cors = true, hooks, method = "GET", headers } = given;
  const answer = createAnswer({
    status: 200,
    headers: {},
    body: undefined,
    contentType: undefined,
    ...settings,
  }, { cors, traces: new TraceIds() });
  const plan = {
    ...testPlan(hooks),
    status: settings?.status ?? 200,
    answer,
  };
  const request = new Request("http://localhost/r", {
    method,
    headers: headers ?? {},
  });
  const x = new LiveExchange(plan, method, request);
  begin(x);
  return { x, plan };
}

async function answerOf(given: Given = {}): Promise<Response> {
  const { response } = exchangeOf(given).x;
  ok(response !== undefined);
  return await response;
}

function refused(rejection: Rejection, given: Given = {}): Promise<Response> {
  return answerOf({ ...given, hooks: { admit: [() => rejection] } });
}

Deno.test("createAnswer() answers status, headers and body, and adds its own headers", async () => {
  const response = await answerOf({
    settings: {
      status: 201,
      headers: { "x-own": "yes" },
      body: "[1]",
      contentType: "application/json",
    },
  });
  equal(response.status, 201);
  const { "server-timing": timing, ...headers } = Object.fromEntries(
    response.headers,
  );
  deepEqual(headers, {
    "content-type": "application/json",
    "perfmock-sequence": "0",
    "timing-allow-origin": "*",
    vary: "Origin",
    "x-own": "yes",
  });
  match(timing, /total;dur=0\.000, traceparent;desc="00-[0-9a-f-]+-01"$/);
  equal(await response.text(), "[1]");
});

Deno.test("createAnswer() leaves the author's own content type and Timing-Allow-Origin alone", async () => {
  const response = await answerOf({
    settings: {
      headers: {
        "Content-Type": "text/csv",
        "Timing-Allow-Origin": "https://a.example",
      },
      body: "a",
      contentType: "text/plain",
    },
  });
  equal(response.headers.get("content-type"), "text/csv");
  equal(response.headers.get("timing-allow-origin"), "https://a.example");
  await response.body?.cancel();
});

Deno.test("createAnswer() reflects the origin, unless CORS is off or the author's", async () => {
  const headers = { origin: "http://app.example" };
  const allowed = (response: Response) =>
    response.headers.get("access-control-allow-origin");
  equal(allowed(await answerOf({ headers })), "http://app.example");
  equal(allowed(await answerOf({})), null);
  const off = await answerOf({ headers, cors: false });
  deepEqual([allowed(off), off.headers.get("vary")], [null, null]);
  const own = await answerOf({
    headers,
    settings: { headers: { "access-control-allow-origin": "*" } },
  });
  deepEqual(
    [allowed(own), own.headers.get("access-control-allow-credentials")],
    ["*", null],
  );
});

Deno.test("createAnswer() answers HEAD without a body and with the headers of GET", async () => {
  const response = await answerOf({
    method: "HEAD",
    settings: { body: "hello", contentType: "text/plain" },
  });
  equal(response.body, null);
  equal(response.headers.get("content-type"), "text/plain");
});

Deno.test("createAnswer() answers 204 and 304 without a body", async () => {
  for (const status of [204, 304]) {
    const response = await answerOf({ settings: { status } });
    deepEqual([response.status, response.body], [status, null]);
    equal(response.headers.get("content-type"), null);
  }
});

Deno.test("createAnswer() gives each answer a body and a sequence number of its own", async () => {
  const { x, plan } = exchangeOf({ settings: { body: "b" } });
  const second = new LiveExchange(plan, "GET", undefined);
  begin(second);
  const responses = await Promise.all([x.response, second.response]);
  deepEqual(
    await Promise.all(responses.map((response) => response?.text())),
    ["b", "b"],
  );
  deepEqual(
    responses.map((response) => response?.headers.get("perfmock-sequence")),
    ["0", "1"],
  );
});

Deno.test("a rejection is answered as a problem, with Retry-After in whole seconds, rounded up", async () => {
  const response = await refused({
    reason: "queue_full",
    status: 503,
    retryAfter: 1.2,
    headers: { "RateLimit": "r" },
  }, { headers: { origin: "http://app.example" } });
  equal(response.status, 503);
  deepEqual(
    ["retry-after", "ratelimit", "content-type", "perfmock-sequence"]
      .map((name) => response.headers.get(name)),
    ["2", "r", "application/problem+json", "0"],
  );
  equal(
    response.headers.get("access-control-allow-origin"),
    "http://app.example",
  );
  deepEqual(await json(response), {
    type: "about:blank",
    status: 503,
    title: "This request was not admitted",
    detail: "queue_full",
  });
});

Deno.test("a rejection may have a body of its own, or none where its status has none", async () => {
  const own = await refused({ reason: "r", status: 429, body: "slow down" }, {
    cors: false,
  });
  deepEqual([own.status, await own.text()], [429, "slow down"]);
  const none = await refused({ reason: "r", status: 204 });
  deepEqual([none.status, none.body], [204, null]);
});

for (
  const [what, rejection] of Object.entries<Rejection>({
    "a status that HTTP has not": { reason: "r", status: 99 },
    "a status before the last": { reason: "r", status: 101 },
    "a header that ends early": {
      reason: "r",
      status: 503,
      headers: { "x-bad": "a\r\nset-cookie: b" },
    },
  })
) {
  Deno.test(`a rejection with ${what} becomes a 500, and the exchange ends`, async () => {
    const { x, plan } = exchangeOf({ hooks: { admit: [() => rejection] } });
    const response = await x.response;
    deepEqual([response?.status, x.status, plan.flow.size], [500, 500, 0]);
    equal(plan.reported.length, 1);
    equal(response?.headers.get("set-cookie"), null);
    await response?.body?.cancel();
  });
}

Deno.test("a hook that fails is answered as a problem with what it threw", async () => {
  const response = await answerOf({
    hooks: {
      serve: () => {
        throw new Error("boom");
      },
    },
  });
  equal(response.status, 500);
  equal((await json(response)).detail, "Error: boom");
});

Deno.test("respond hooks are given what the one before returned, synchronous or not", async () => {
  const add = (letter: string) => (_: unknown, response: Response) => {
    response.headers.append("x-trail", letter);
    return response;
  };
  const slowly = async (_: unknown, response: Response) => {
    await Promise.resolve();
    return add("slow")(_, response);
  };
  const sync = await answerOf({ hooks: { respond: [add("a"), add("b")] } });
  equal(sync.headers.get("x-trail"), "a, b");
  const mixed = await answerOf({
    hooks: { respond: [add("a"), slowly, add("b")] },
  });
  equal(mixed.headers.get("x-trail"), "a, slow, b");
});

Deno.test("a respond hook may replace the answer, and who observes is told its status", async () => {
  const seen: number[] = [];
  const { x } = exchangeOf({
    hooks: {
      respond: [() => new Response("else", { status: 418 })],
      observe: [(x) => void seen.push(x.status)],
    },
  });
  equal(await (await x.response)?.text(), "else");
  deepEqual(seen, [418]);
});

Deno.test("respond hooks see rejections, but not failures", async () => {
  let calls = 0;
  const respond = [(_: unknown, response: Response) => (calls++, response)];
  const rejected = exchangeOf({
    hooks: { admit: [() => ({ reason: "r", status: 503 })], respond },
  });
  const failed = exchangeOf({
    hooks: {
      serve: () => {
        throw new Error("boom");
      },
      respond,
    },
  });
  equal(calls, 1);
  for (const { x } of [rejected, failed]) {
    await (await x.response)?.body?.cancel();
  }
});

for (
  const [what, hook] of Object.entries<() => unknown>({
    "throws": () => {
      throw new Error("boom");
    },
    "rejects": () => Promise.reject(new Error("boom")),
    "returns nothing": () => undefined,
    "promises nothing": () => Promise.resolve(undefined),
  })
) {
  Deno.test(`a respond hook that ${what} is answered with 500 and reported, others or not`, async () => {
    const broken = hook as () => Response;
    const after = (_: unknown, response: Response) => response;
    for (const respond of [[broken], [broken, after]]) {
      const { x, plan } = exchangeOf({
        hooks: { respond },
        headers: { origin: "http://app.example" },
      });
      const response = await x.response;
      equal(response?.status, 500);
      equal(response?.headers.get("perfmock-sequence"), "0");
      equal(
        response?.headers.get("access-control-allow-origin"),
        "http://app.example",
      );
      equal(plan.reported.length, 1);
      equal(plan.flow.size, 0);
      await response?.body?.cancel();
    }
  });
}

function timingOf(times: Partial<Exchange>): string {
  return serverTiming(Object.assign(exchange(testPlan()), times), "T");
}

Deno.test("milliseconds() has three decimals, as toFixed has", () => {
  for (
    const value of [
      0,
      0.0004,
      0.001,
      0.01,
      0.1,
      0.25,
      1,
      1.005,
      9.9995,
      12.34,
      99.0501,
      120,
      60_000.5,
      3_600_000,
    ]
  ) equal(milliseconds(value), (Math.round(value * 1000) / 1000).toFixed(3));
});

Deno.test("milliseconds() shows nothing below zero", () => {
  equal(milliseconds(-3), "0.000");
});

Deno.test("serverTiming() adds up: queue, service and degradation make the total", () => {
  equal(
    timingOf({
      arrival: 100,
      start: 110,
      due: 135,
      end: 135.25,
      degradation: 5,
      outcome: "answered",
    }),
    'queue;dur=10.000, service;dur=20.250, degrade;dur=5.000, total;dur=35.250, traceparent;desc="T"',
  );
});

Deno.test("serverTiming() of an answer at once is all zeros", () => {
  match(
    timingOf({ arrival: 5, start: 5, end: 5, outcome: "answered" }),
    /^queue;dur=0\.000, service;dur=0\.000, degrade;dur=0\.000, total;dur=0\.000, traceparent;desc="T"$/,
  );
});

Deno.test("serverTiming() of a request that was refused after waiting is all queue", () => {
  equal(
    timingOf({
      arrival: 0,
      start: 40,
      end: 40,
      degradation: 0,
      outcome: "rejected",
    }),
    'queue;dur=40.000, service;dur=0.000, degrade;dur=0.000, total;dur=40.000, traceparent;desc="T"',
  );
  // Where service was to start after it ended, nothing comes out negative.
  match(
    timingOf({ arrival: 0, start: 50, end: 40, outcome: "rejected" }),
    /^queue;dur=40\.000, service;dur=0\.000/,
  );
});

const ROUTES = [
  { methods: ["POST", "PUT"], path: "/api/orders" },
  { methods: ["GET"], path: "/api/users/:id" },
];

function unmatched(method: string, path: string, cors = true, origin?: string) {
  const fallback = createFallback(new Matcher(ROUTES), ROUTES, { cors });
  const headers: Record<string, string> = origin === undefined
    ? {}
    : { origin };
  return fallback(
    new Request(`http://localhost${path}`, { method, headers }),
    path,
  );
}

Deno.test("createFallback() answers 404 with the route that was probably meant", async () => {
  const response = unmatched("GET", "/api/ordres");
  equal(response.status, 404);
  deepEqual(await json(response), {
    type: "about:blank",
    status: 404,
    title: "No route matches",
    detail: "No route takes GET /api/ordres; did you mean /api/orders?",
  });
});

Deno.test("createFallback() suggests nothing where nothing is near", async () => {
  const { detail } = await json(unmatched("GET", "/favicon.ico"));
  equal(detail, "No route takes GET /favicon.ico");
});

Deno.test("createFallback() answers 405 with Allow where the path has another method", async () => {
  const response = unmatched("DELETE", "/api/orders");
  equal(response.status, 405);
  equal(response.headers.get("allow"), "POST, PUT");
  equal(
    (await json(response)).detail,
    "/api/orders has a route for POST, PUT, not for DELETE",
  );
});

Deno.test("createFallback() lets a page from elsewhere read the answer, unless CORS is off", async () => {
  const open = unmatched("GET", "/x", true, "http://app.example");
  equal(open.headers.get("access-control-allow-origin"), "http://app.example");
  equal(open.headers.get("vary"), "Origin");
  equal(open.headers.get("timing-allow-origin"), "*");
  const shut = unmatched("GET", "/x", false, "http://app.example");
  equal(shut.headers.get("access-control-allow-origin"), null);
  equal(shut.headers.get("vary"), null);
  equal(
    unmatched("GET", "/x").headers.get("access-control-allow-origin"),
    null,
  );
  await Promise.all([open, shut].map((response) => response.body?.cancel()));
});
