// Runs alone, without the profiler: measures time.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createTestServer } from "../../core/testing.ts";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { get } from "../support/http.ts";

/** Critical value of √n·D: the 99.9 % quantile of its limiting distribution. */
const KS_CRITICAL = 1.9495;

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

eachEngine.test("events follow the standard's format, contain template values, and end with the last event", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/chat/:model",
      response: {
        events: {
          count: 2,
          event: "token",
          id: "{{path.model}}-{{index}}",
          data: { n: "{{index}}", of: "{{sequence}}" },
          last: "[DONE]",
        },
      },
    }, {
      path: "/lines",
      response: { events: { count: 1, data: "a\nb\r\nc{{query.q}}" } },
    }, { path: "/none", response: { events: { count: 0, data: "x" } } }],
  });
  const response = await get(server, "/chat/tiny");
  deepEqual(
    ["content-type", "cache-control"].map((name) => response.headers.get(name)),
    ["text/event-stream", "no-cache"],
  );
  equal(
    await response.text(),
    [
      'event: token\nid: tiny-0\ndata: {"n":0,"of":0}\n\n',
      'event: token\nid: tiny-1\ndata: {"n":1,"of":0}\n\n',
      "data: [DONE]\n\n",
    ].join(""),
  );
  equal(
    await (await get(server, "/lines?q=%0Ad")).text(),
    "data: a\ndata: b\ndata: c\ndata: d\n\n",
  );
  equal(await (await get(server, "/none")).text(), "");
});

Deno.test("10 000 events arrive in order, the first after the service time, with gaps distributed as configured", async () => {
  const median = 20;
  await using there = await createTestServer({
    seed: 7,
    routes: [{
      id: "tokens",
      path: "/",
      serviceTime: "200ms",
      response: { events: { count: 10_000, data: "{{index}}" } },
      wire: { gap: { weibull: { shape: 2, scale: `${median}ms` } } },
    }],
  });
  const { clock } = there;
  const { response, duration } = await there.request("/");
  equal(duration, 200);
  const reader = response.body?.pipeThrough(new TextDecoderStream())
    .getReader();
  const times: number[] = [];
  for (let index = 0; index < 10_000; index++) {
    let text: string | undefined;
    const reading = reader?.read().then(({ value }) => text = value);
    await settled();
    while (text === undefined && clock.runNext()) await settled();
    await reading;
    equal(text, `data: ${index}\n\n`);
    times.push(clock.now());
  }
  equal((await reader?.read())?.done, true);
  equal(times[0], 200);
  const gaps = Float64Array.from(
    times.slice(1),
    (time, index) => time - times[index],
  ).sort();
  const cdf = (x: number) => -Math.expm1(-((x / median) ** 2));
  const distance = gaps.reduce((worst, gap, i) => {
    const p = cdf(gap);
    return Math.max(
      worst,
      (i + 1) / gaps.length - p,
      p - i / gaps.length,
    );
  }, 0);
  ok(Math.sqrt(gaps.length) * distance < KS_CRITICAL, `D = ${distance}`);
});

eachEngine.test("over a socket no event is early, and a late event does not delay the next ones", async () => {
  const [count, gap] = [300, 2];
  await using server = await createPerfmock({
    plugins: { exporters: {} },
    routes: [{
      id: "tokens",
      path: "/",
      response: { events: { count, data: "{{index}}" } },
      wire: { gap },
    }],
  });
  const sent = performance.now();
  const response = await get(server, "/");
  const late: number[] = [];
  let rest = "";
  for await (
    const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []
  ) {
    const now = performance.now() - sent;
    const events = (rest + text).split("\n\n");
    rest = events.pop() ?? "";
    for (const event of events) {
      equal(event, `data: ${late.length}`);
      late.push(now - late.length * gap);
    }
  }
  equal(late.length, count);
  ok(Math.min(...late) >= 0, `${Math.min(...late)} ms`);
  // If each gap were counted from the piece before, the lateness of timers would accumulate.
  const best = (part: number[]) => Math.min(...part);
  const drift = best(late.slice(-50)) - best(late.slice(0, 50));
  ok(drift < 30, `${drift} ms`);
  const metrics = await (await get(server, "/metrics")).text();
  const figure = (name: string) =>
    Number(
      metrics.match(new RegExp(`^perfmock_wire_${name}\\{.* (.+)$`, "m"))?.[1],
    );
  equal(figure("lateness_seconds_count") + figure("stalls_total"), count);
});

Deno.test("events with values that HTTP or the format cannot carry are rejected", async () => {
  const { issues } = await createPerfmock({
    routes: [{
      path: "/",
      response: {
        events: { count: -1, data: "x", event: "a\nb" },
        text: "too",
        status: 204,
      },
    }],
  }).then(() => ({ issues: [] }), (error) => error);
  deepEqual(
    issues.map(({ path }: { path: string }) => path),
    ["/routes/0/response/events/count", "/routes/0/response/events/event"],
  );
  match(issues[1].message, /Must be one line of text/);
});
