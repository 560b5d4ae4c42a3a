import { deepEqual, equal, match, notDeepEqual, ok } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { createTestServer } from "../../core/testing.ts";
import { eachEngine } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { get, rawRequest } from "../support/http.ts";
import { hooks } from "../support/plugins.ts";

/** Returns the times in a Server-Timing header, in ms. */
function timesOf(response: Response): Record<string, number> {
  const header = response.headers.get("server-timing") ?? "";
  return Object.fromEntries(
    [...header.matchAll(/(\w+);dur=([\d.]+)/g)]
      .map(([, name, ms]) => [name, Number(ms)]),
  );
}

eachEngine.test("a route answers JSON or text with the configured status and headers, and with perfmock's headers", async () => {
  await using server = await createPerfmock({
    routes: [
      {
        path: "/json",
        serviceTime: "3ms",
        response: {
          status: 201,
          headers: { "X-Own": "yes", "Set-Cookie": "a=b" },
          json: { list: [1, "zwölf"], none: null },
        },
      },
      { path: "/text", response: { text: "Grüß dich" } },
    ],
  });
  const sent = performance.now();
  const first = await get(server, "/json");
  ok(performance.now() - sent >= 3, "never early");
  equal(first.status, 201);
  deepEqual(
    [
      "content-type",
      "x-own",
      "set-cookie",
      "timing-allow-origin",
      "perfmock-sequence",
      "vary",
    ]
      .map((name) => first.headers.get(name)),
    ["application/json", "yes", "a=b", "*", "0", "Origin"],
  );
  match(
    first.headers.get("server-timing") ?? "",
    /^queue;dur=\d+\.\d{3}, service;dur=\d+\.\d{3}, degrade;dur=\d+\.\d{3}, total;dur=\d+\.\d{3}, traceparent;desc="00-[0-9a-f]{32}-[0-9a-f]{16}-01"$/,
  );
  const { queue, service, degrade, total } = timesOf(first);
  ok(service >= 3 && Math.abs(queue + service + degrade - total) < 0.002);
  deepEqual(await first.json(), { list: [1, "zwölf"], none: null });
  const second = await get(server, "/text");
  equal(second.headers.get("content-type"), "text/plain; charset=utf-8");
  equal(second.headers.get("content-length"), "11");
  equal(await second.text(), "Grüß dich");
});

eachEngine.test("JSON null, false and an empty text are bodies", async () => {
  await using server = await createPerfmock({
    routes: [
      { path: "/null", response: { json: null } },
      { path: "/false", response: { json: false } },
      { path: "/empty", response: { text: "" } },
    ],
  });
  equal(await (await get(server, "/null")).text(), "null");
  equal(await (await get(server, "/false")).text(), "false");
  const empty = await get(server, "/empty");
  equal(empty.headers.get("content-type"), "text/plain; charset=utf-8");
  equal(await empty.text(), "");
});

eachEngine.test("204 and 304 are sent without a body", async () => {
  await using server = await createPerfmock({
    routes: [204, 304].map((status) => ({
      path: `/${status}`,
      response: { status },
    })),
  });
  for (const status of [204, 304]) {
    using client = await rawRequest(server.url, [
      `GET /${status} HTTP/1.1`,
      "host: localhost",
      "connection: close",
    ]);
    const { text } = await client.answer;
    ok(text.startsWith(`HTTP/1.1 ${status} `));
    ok(text.endsWith("\r\n\r\n"), "nothing after the headers");
    ok(!text.toLowerCase().includes("content-type"));
  }
});

Deno.test("a body with status 204 and header values with line breaks are rejected before the server listens", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { path: "/a", response: { status: 204, json: {} } },
        { path: "/b", response: { headers: { "X-A": "a\r\nSet-Cookie: b" } } },
        { path: "/c", response: { headers: { "X A": "a" } } },
        { path: "/d", response: { headers: { "Content-Length": "3" } } },
        { path: "/e", response: { json: 1, text: "1" } },
        { path: "/f", response: { status: 101 } },
      ],
    })
  );
  deepEqual(error.issues.map(({ path }) => path), [
    "/routes/0/response/json",
    "/routes/1/response/headers/X-A",
    "/routes/2/response/headers/X A",
    "/routes/3/response/headers/Content-Length",
    "/routes/4/response",
    "/routes/5/response/status",
  ]);
});

eachEngine.test("HEAD is answered like GET without the body, with a delay and a sequence number of its own", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/x",
      serviceTime: "5ms",
      response: { json: { a: "long enough" } },
    }],
  });
  using client = await rawRequest(server.url, [
    "HEAD /x HTTP/1.1",
    "host: localhost",
    "connection: close",
  ]);
  const { text } = await client.answer;
  match(text, /^HTTP\/1\.1 200 OK\r\n/);
  match(text, /perfmock-sequence: 0\r\n/);
  ok(text.endsWith("\r\n\r\n"));
  const next = await get(server, "/x");
  equal(next.headers.get("perfmock-sequence"), "1");
  await next.body?.cancel();
});

eachEngine.test("over HTTP, the same seed gives the same service times and another seed others", async () => {
  const times = async (seed: number | string) => {
    await using server = await createPerfmock({
      seed,
      routes: [{
        path: "/x",
        serviceTime: { uniform: { min: 0, max: "4ms" } },
      }],
    });
    const targets = Array.from(
      { length: 8 },
      (_, n) => server.draw("get-x", n),
    );
    for (const target of targets) {
      const response = await get(server, "/x");
      await response.body?.cancel();
      const { service } = timesOf(response);
      // The header has three decimals.
      ok(service >= target - 0.0006, `${service} after ${target}`);
    }
    equal(server.stats().routes["get-x"].early, 0);
    return targets;
  };
  const first = await times(7);
  deepEqual(await times(7), first);
  deepEqual(await times("7"), first);
  notDeepEqual(await times(8), first);
});

Deno.test("the same seed gives the same times to the microsecond, independent of other routes", async () => {
  const routes = [
    { id: "a", path: "/a", serviceTime: { exponential: { mean: "50ms" } } },
    { id: "b", path: "/b", serviceTime: { exponential: { mean: "50ms" } } },
  ];
  const durations = async (seed: number, paths: readonly string[]) => {
    await using test = await createTestServer({ seed, routes });
    const found: string[] = [];
    for (const path of paths) {
      const { duration } = await test.request(path);
      if (path === "/a") found.push(duration.toFixed(6));
    }
    return found;
  };
  const alone = await durations(1, ["/a", "/a", "/a"]);
  deepEqual(await durations(1, ["/b", "/a", "/b", "/b", "/a", "/a"]), alone);
  notDeepEqual(await durations(2, ["/a", "/a", "/a"]), alone);
});

Deno.test("a rejected request uses up its sequence number and changes no draw of other requests", async () => {
  const routes = [{
    path: "/x",
    serviceTime: { exponential: { mean: "50ms" } },
  }];
  await using free = await createTestServer({ routes });
  await using strict = await createTestServer({ routes }, {
    plugins: [hooks("strict", {
      admit: (x) =>
        x.sequence === 1
          ? { reason: "queue_full", status: 503, retryAfter: 2 }
          : { release() {} },
    })],
  });
  const durations: number[] = [];
  for (let n = 0; n < 3; n++) {
    const wanted = (await free.request("/x")).duration;
    const { response, duration } = await strict.request("/x");
    equal(response.headers.get("perfmock-sequence"), `${n}`);
    equal(response.status, n === 1 ? 503 : 200);
    if (n === 1) equal(response.headers.get("retry-after"), "2");
    else equal(duration.toFixed(6), wanted.toFixed(6));
    durations.push(duration);
  }
  equal(durations[1], 0);
});

Deno.test("a service time of 0 ms is answered at once; a fraction of a millisecond and a minute are exact", async () => {
  await using test = await createTestServer({
    routes: [
      { path: "/none" },
      { path: "/zero", serviceTime: 0 },
      { path: "/fraction", serviceTime: "250us" },
      { path: "/minute", serviceTime: "60s" },
      { path: "/hours", serviceTime: "3h" },
    ],
  });
  const durations: number[] = [];
  for (const path of ["none", "zero", "fraction", "minute", "hours"]) {
    durations.push((await test.request(`/${path}`)).duration);
  }
  deepEqual(durations.map((ms) => Number(ms.toFixed(6))), [
    0,
    0,
    0.25,
    60_000,
    10_800_000,
  ]);
});

Deno.test("all errors in the routes of a configuration are reported at once, including those of plugins", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { path: "/a", serviceTime: { normal: { mean: "10ms", sd: "-1ms" } } },
        {
          path: "/b",
          serviceTime: { lognormal: { median: "1s", p99: "1ms" } },
        },
        { path: "/c", serviceTime: { uniform: { min: 5, max: 1 } } },
        { path: "/d", serviceTime: { exponential: {} } },
        {
          path: "/e",
          serviceTime: { bimodal: { fast: 1, slow: 2, slowShare: 2 } },
        },
        { path: "/f", serviceTime: { mixture: [] } },
        { path: "/g", serviceTime: "10 bananas" },
        { path: "/h", serviceTime: { pareto: { alpha: 0, min: 1 } } },
        { path: "/i", serviceTime: { weibull: { shape: -1, scale: 1 } } },
        { path: "/j", serviceTime: { gamma: { shape: 1 } } },
        {
          path: "/k",
          serviceTime: { triangular: { min: 3, mode: 1, max: 2 } },
        },
        { path: "/l", serviceTime: { percentiles: { p50: 10, p90: 5 } } },
        { path: "/m", serviceTime: { poisson: { mean: -1 } } },
        { path: "/n", serviceTime: { constant: { value: "x" } } },
        { path: "/o", serviceTime: { erlang: { k: 0, mean: 1 } } },
        { path: "/p", serviceTime: { empirical: { values: [] } } },
        { path: "/q", serviceTime: { scale: { by: 0, of: 1 } } },
        { path: "/r", serviceTime: { truncate: { min: 5, max: 1, of: 3 } } },
        { path: "/s", serviceTime: { clamp: { min: 5, max: 1, of: 3 } } },
        { path: "/t", serviceTime: { shift: { by: "1ms" } } },
        { path: "/u", serviceTime: { histogram: { buckets: [] } } },
      ],
    })
  );
  const blamed = new Set(error.issues.map(({ path }) => path.split("/")[2]));
  deepEqual(
    [...blamed].map(Number).toSorted((a, b) => a - b),
    Array.from({ length: 21 }, (_, n) => n),
    lines(error).join("\n"),
  );
  for (const { message, path } of error.issues) {
    match(message, /^[^a-z].*[^.]$/, path);
  }
});
