import assert from "node:assert/strict";
import { meant } from "../../../core/config/_foreign_words.ts";

const ROUTE =
  "serviceTime scale sampling limiter priority degrade id method path response wire faults"
    .split(" ");
const RESPONSE = "status headers json text file outside proxy events".split(
  " ",
);
const FAULT = "share first per action status retryAfter json text".split(" ");
const ACTIONS = ["connection-reset", "cut-body", "hang"];
const SERVER = "host port reusePort cors drainTimeout engine limits tls".split(
  " ",
);
const LIMITS =
  "requestLine head headers body connections backlog headTimeout idleTimeout"
    .split(" ");
const POOL =
  "concurrency queue discipline priority queueTimeout onFull onTimeout rateLimit background"
    .split(" ");
const ROOT =
  "$schema seed server control journal sessions overrides plugins routes".split(
    " ",
  );
const SCENARIO =
  "start gracefulStop pick variables requests executor arrivals rate duration maxInFlight"
    .split(" ");
const EXECUTORS =
  "arrival-rate virtual-users shared-iterations replay modulate stress".split(
    " ",
  );
const REQUEST =
  "name group method path query headers json text weight check timeout keepAlive"
    .split(" ");
const SCRIPT = "name seed target scenarios thresholds".split(" ");
const WHEN = "query header cookie body contentType graphql".split(" ");
const WEBSOCKET = "messages repeat echo on close protocols maxMessage".split(
  " ",
);

Deno.test("meant() finds perfmock's word for one of another tool, by its place", () => {
  const table: [
    word: string,
    candidates: readonly string[],
    own: string | undefined,
    value?: unknown,
  ][] = [
    ["delay", ROUTE, "serviceTime"],
    ["latency", ROUTE, "serviceTime"],
    ["fixedDelayMilliseconds", ROUTE, "serviceTime"],
    ["fixed_delay", ROUTE, "serviceTime"],
    ["jitter", ROUTE, 'serviceTime: "normal(mean=…, sd=…)"'],
    ["statusCode", ROUTE, "response: { status: … }"],
    ["body", ROUTE, "response: { json: … }", { a: 1 }],
    ["body", ROUTE, "response: { text: … }", "a"],
    ["rateLimit", ROUTE, "limiter: { rateLimit: … }"],
    ["url", ROUTE, "path"],
    [
      "fixedDelay",
      RESPONSE,
      'serviceTime, a key of the route beside "response"',
    ],
    ["statusCode", RESPONSE, "status"],
    ["body", RESPONSE, "json", []],
    ["body", RESPONSE, "text", "a"],
    ["proxyBaseUrl", RESPONSE, "proxy"],
    ["percentage", FAULT, "share"],
    ["RST", ACTIONS, "connection-reset"],
    ["EMPTY_RESPONSE", ACTIONS, "hang"],
    ["https", SERVER, "tls"],
    ["maxBodySize", LIMITS, "body"],
    ["workers", POOL, "concurrency"],
    ["timeout", POOL, "queueTimeout"],
    ["port", ROOT, "server: { port: … }"],
    ["profiles", ROOT, "plugins: { distributions: { profiles: … } }"],
    ["scenarios", ROOT, "a load script of its own, which load runs"],
    ["sleep", [...SCENARIO, "think"], "think"],
    ["vus", [...SCENARIO, "users"], "users"],
    [
      "vus",
      SCENARIO,
      "users, with the executor virtual-users or shared-iterations",
    ],
    ["ramping-vus", EXECUTORS, "virtual-users"],
    ["constant-arrival-rate", EXECUTORS, "arrival-rate"],
    ["url", REQUEST, "path"],
    ["params", REQUEST, "query"],
    ["baseUrl", SCRIPT, "target"],
    ["equalToJson", ["equal", "pattern", "present", "absent"], "equal"],
    ["contains", ["equal", "pattern", "present", "absent"], "pattern"],
    ["headers", WHEN, "header"],
    ["matchesJsonPath", WHEN, "body"],
    ["urlPath", WHEN, 'path, a key of the route beside "when"'],
    ["operationName", ["operation", "type", "hash"], "operation"],
    ["newScenarioState", [...ROUTE, "responses"], "responses"],
    ["ws", [...ROUTE, "websocket"], "websocket"],
    ["interval", WEBSOCKET, "messages: [{ after: …, send: … }]"],
    ["subprotocols", WEBSOCKET, "protocols"],
    ["delay", ["after", "send"], "after"],
    ["data", ["after", "send"], "send"],
    ["key", ["per", "end"], "per"],
    ["allowedOrigins", ["origins", "maxAge", "credentials"], "origins"],
    ["errorRate", ["scale", "delay", "faultShare"], "faultShare"],
    ["template", ["count", "item", "within"], "item"],
    ["max_items", ["query", "default", "max"], undefined],
    [
      "interval",
      ["count", "data", "last"],
      'gap in "wire", a key of the route beside "response"',
    ],
    ["stddev", ["mean", "sd"], "sd"],
    ["gaussian", ["constant", "normal", "lognormal"], "normal"],
  ];
  for (const [word, candidates, own, value] of table) {
    assert.equal(meant(word, candidates, value), own, word);
  }
});

Deno.test("meant() leaves misspellings to the spelling, and unknown words alone", () => {
  assert.equal(meant("servicetime", ROUTE), "serviceTime");
  assert.equal(meant("pathh", ROUTE), "path");
  assert.equal(meant("status-code", ["statusCode", "status"]), "statusCode");
  assert.equal(meant("zzzz", ROUTE), undefined);
});

Deno.test("meant() names no key that its place does not have", () => {
  const without = ROUTE.filter((key) =>
    key !== "serviceTime" && key !== "limiter"
  );
  assert.equal(meant("latency", without), undefined);
  assert.equal(meant("rateLimit", without), undefined);
});
