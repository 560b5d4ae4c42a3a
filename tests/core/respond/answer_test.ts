import { deepEqual, equal, match } from "node:assert/strict";
import { corsOf } from "../../../core/pipeline/cors.ts";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import { tracingFor } from "../../../core/pipeline/trace_context.ts";
import type { PlannedHooks } from "../../../core/pipeline/exchange.ts";
import { FetchIncoming } from "../../../core/pipeline/incoming.ts";
import { Matcher } from "../../../core/pipeline/matcher.ts";
import { begin } from "../../../core/pipeline/pipeline.ts";
import type { Exchange, Rejection } from "../../../core/plugin.ts";
import {
  type AnswerSettings,
  createAnswer,
  createFallback,
  serverTiming,
} from "../../../core/respond/answer.ts";
import { json } from "../../support/http.ts";
import { exchange, requested, testPlan } from "../../support/plan.ts";

interface Given {
  readonly settings?: Partial<AnswerSettings>;
  readonly cors?: boolean;
  readonly hooks?: Partial<PlannedHooks>;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

function exchangeOf(given: Given = {}) {
  const { settings, cors = true, hooks, method = "GET", headers } = given;
  const answers = createAnswer({
    status: 200,
    headers: {},
    body: undefined,
    contentType: undefined,
    ...settings,
  }, { cors: corsOf(cors), traces: tracingFor(new MetricRegistry()) });
  const plan = {
    ...testPlan(hooks),
    status: settings?.status ?? 200,
    ...answers,
  };
  const request = new Request("http://localhost/r", {
    method,
    headers: headers ?? {},
  });
  const { x, incoming } = requested(plan, request);
  begin(x);
  return { x, plan, incoming };
}

async function answerOf(given: Given = {}): Promise<Response> {
  return await exchangeOf(given).incoming.answer();
}

function refused(rejection: Rejection, given: Given = {}): Promise<Response> {
  return answerOf({ ...given, hooks: { admit: [() => rejection] } });
}

Deno.test("createAnswer() sends status, headers and body, and adds headers of its own", async () => {
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

Deno.test("createAnswer() keeps the configured content type and Timing-Allow-Origin", async () => {
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

Deno.test("createAnswer() reflects the origin, unless CORS is off or configured for the route", async () => {
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

Deno.test("createAnswer() creates a separate body and sequence number for each answer", async () => {
  const { incoming, plan } = exchangeOf({ settings: { body: "b" } });
  const second = requested(plan);
  begin(second.x);
  const responses = [incoming, second.incoming].map((one) => one.answer());
  deepEqual(
    await Promise.all(responses.map(async (one) => (await one).text())),
    ["b", "b"],
  );
  deepEqual(
    (await Promise.all(responses)).map(({ headers }) =>
      headers.get("perfmock-sequence")
    ),
    ["0", "1"],
  );
});

Deno.test("createAnswer() answers a rejection with a problem document, and rounds Retry-After up to whole seconds", async () => {
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

Deno.test("createAnswer() sends the body of a rejection, and no body with a status that has none", async () => {
  const own = await refused({ reason: "r", status: 429, body: "slow down" }, {
    cors: false,
  });
  deepEqual([own.status, await own.text()], [429, "slow down"]);
  const none = await refused({ reason: "r", status: 204 });
  deepEqual([none.status, none.body], [204, null]);
});

for (
  const [what, rejection] of Object.entries<Rejection>({
    "a status that is not valid in HTTP": { reason: "r", status: 99 },
    "an interim status": { reason: "r", status: 101 },
    "a header that contains a line break": {
      reason: "r",
      status: 503,
      headers: { "x-bad": "a\r\nset-cookie: b" },
    },
  })
) {
  Deno.test(`createAnswer() answers a rejection with ${what} with 500, and the exchange ends`, async () => {
    const { x, plan, incoming } = exchangeOf({
      hooks: { admit: [() => rejection] },
    });
    const response = await incoming.answer();
    deepEqual([response.status, x.status, plan.flow.size], [500, 500, 0]);
    equal(plan.reported.length, 1);
    equal(response.headers.get("set-cookie"), null);
    await response.body?.cancel();
  });
}

Deno.test("createAnswer() answers a hook's error with a problem document that contains the error", async () => {
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

Deno.test("respond hooks receive the response of the hook before, synchronous or not", async () => {
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

Deno.test("a respond hook may replace the response, and observe hooks see the new status", async () => {
  const seen: number[] = [];
  const { incoming } = exchangeOf({
    hooks: {
      respond: [() => new Response("else", { status: 418 })],
      observe: [(x) => void seen.push(x.status)],
    },
  });
  equal(await (await incoming.answer()).text(), "else");
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
  for (const { incoming } of [rejected, failed]) {
    await (await incoming.answer()).body?.cancel();
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
  Deno.test(`a respond hook that ${what} is answered with 500 and reported, with or without other hooks`, async () => {
    const broken = hook as () => Response;
    const after = (_: unknown, response: Response) => response;
    for (const respond of [[broken], [broken, after]]) {
      const { plan, incoming } = exchangeOf({
        hooks: { respond },
        headers: { origin: "http://app.example" },
      });
      const response = await incoming.answer();
      equal(response.status, 500);
      equal(response.headers.get("perfmock-sequence"), "0");
      equal(
        response.headers.get("access-control-allow-origin"),
        "http://app.example",
      );
      equal(plan.reported.length, 1);
      equal(plan.flow.size, 0);
      await response.body?.cancel();
    }
  });
}

/** Server-Timing of an exchange in the trace of a client, with these times. */
function timingOf(times: Partial<Exchange>): string {
  const trace = { trace: "T", parent: "P", spanHigh: 1, spanLow: -1 };
  return serverTiming(
    Object.assign(exchange(testPlan()), trace, times),
    tracingFor(new MetricRegistry()),
  );
}

Deno.test("serverTiming() writes a total that is the sum of queue, service and degradation", () => {
  equal(
    timingOf({
      arrival: 100,
      start: 110,
      due: 135,
      end: 135.25,
      degradation: 5,
      outcome: "answered",
    }),
    'queue;dur=10.000, service;dur=20.250, degrade;dur=5.000, total;dur=35.250, traceparent;desc="00-T-00000001ffffffff-01"',
  );
});

Deno.test("serverTiming() writes zeros for an immediate answer", () => {
  match(
    timingOf({ arrival: 5, start: 5, end: 5, outcome: "answered" }),
    /^queue;dur=0\.000, service;dur=0\.000, degrade;dur=0\.000, total;dur=0\.000, traceparent;desc="00-T-00000001ffffffff-01"$/,
  );
});

Deno.test("serverTiming() counts the whole time of a rejected request as queue time", () => {
  equal(
    timingOf({
      arrival: 0,
      start: 40,
      end: 40,
      degradation: 0,
      outcome: "rejected",
    }),
    'queue;dur=40.000, service;dur=0.000, degrade;dur=0.000, total;dur=40.000, traceparent;desc="00-T-00000001ffffffff-01"',
  );
  // No time is negative if the exchange ended before its service would have started.
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
  const fallback = createFallback(new Matcher(ROUTES), ROUTES, {
    cors: corsOf(cors),
  });
  const headers: Record<string, string> = origin === undefined
    ? {}
    : { origin };
  return fallback(
    new FetchIncoming(
      new Request(`http://localhost${path}`, { method, headers }),
    ),
    path,
  );
}

Deno.test("createFallback() answers 404 and suggests the nearest route", async () => {
  const response = unmatched("GET", "/api/ordres");
  equal(response.status, 404);
  deepEqual(await json(response), {
    type: "about:blank",
    status: 404,
    title: "No route matches",
    detail: "No route takes GET /api/ordres; did you mean /api/orders?",
  });
});

Deno.test("createFallback() suggests nothing if no route is near", async () => {
  const { detail } = await json(unmatched("GET", "/favicon.ico"));
  equal(detail, "No route takes GET /favicon.ico");
});

Deno.test("createFallback() answers 405 with Allow if the path has a route for another method", async () => {
  const response = unmatched("DELETE", "/api/orders");
  equal(response.status, 405);
  equal(response.headers.get("allow"), "POST, PUT");
  equal(
    (await json(response)).detail,
    "/api/orders has a route for POST, PUT, not for DELETE",
  );
});

Deno.test("createFallback() lets pages of other origins read the answer, unless CORS is off", async () => {
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
