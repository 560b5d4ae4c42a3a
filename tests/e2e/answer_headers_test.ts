import { deepEqual, equal, ok } from "node:assert/strict";
import { createTestServer } from "../../core/testing.ts";
import { createPerfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { get, overWire } from "../support/http.ts";

eachEngine.test("a header with a list has several values, of answers and of faults", async () => {
  const headers = { "Set-Cookie": ["sid=1; HttpOnly", "csrf=2"], "X-A": ["1"] };
  await using server = await createPerfmock({
    routes: [
      { path: "/login", method: "POST", response: { headers, json: {} } },
      {
        path: "/fault",
        response: { json: {} },
        faults: [{
          share: 1,
          status: 429,
          headers: { ...headers, "Content-Type": "text/x", "RateLimit": "a" },
          text: "no",
        }],
      },
    ],
  });
  const login = await overWire(server, "/login", {}, "POST");
  deepEqual(login.headers.getSetCookie(), headers["Set-Cookie"]);
  const fault = await overWire(server, "/fault");
  deepEqual(
    [
      fault.status,
      fault.headers.getSetCookie(),
      fault.headers.get("x-a"),
      fault.headers.get("content-type"),
      fault.headers.get("ratelimit"),
      new TextDecoder().decode(fault.body),
    ],
    [429, headers["Set-Cookie"], "1", "text/x", "a", "no"],
  );
  ok(fault.headers.get("server-timing"));
});

eachEngine.test("Retry-After is a date where faults and pools say so, never sooner than the time", async () => {
  await using server = await createPerfmock({
    plugins: {
      limiter: {
        pools: {
          none: {
            concurrency: 1,
            onFull: { retryAfter: "90s", retryAfterAs: "date" },
          },
          slow: {
            rateLimit: { rate: "1/h", burst: 1, retryAfterAs: "date" },
          },
        },
      },
    },
    routes: [
      {
        path: "/fault",
        faults: [{
          share: 1,
          status: 503,
          retryAfter: "90s",
          retryAfterAs: "date",
        }],
      },
      { path: "/full", limiter: "none", serviceTime: "10m" },
      { path: "/rate", limiter: "slow" },
    ],
  });
  const leave = new AbortController();
  const first = get(server, "/full", { signal: leave.signal });
  await (await get(server, "/rate")).body?.cancel();
  const wait = async (path: string) => {
    const before = Date.now();
    const { headers } = await overWire(server, path);
    const date = headers.get("retry-after") ?? "";
    equal(new Date(date).toUTCString(), date);
    return Date.parse(date) - before;
  };
  for (
    const [path, after] of [["/fault", 90], ["/full", 90], ["/rate", 3600]]
  ) {
    const ms = await wait(`${path}`);
    // A second of rounding, and ten of a busy machine.
    ok(ms > Number(after) * 1000 - 1000 && ms < Number(after) * 1000 + 11_000);
  }
  leave.abort();
  await first.catch(() => {});
});

Deno.test("`delay` is added to each answer, also behind another service time, and its dial takes its place", async () => {
  await using test = await createTestServer({
    routes: [
      { id: "a", path: "/a", delay: "30ms", serviceTime: "1s" },
      { id: "b", path: "/b", delay: 2.5 },
    ],
  });
  const time = async (path: string) => (await test.request(path)).duration;
  equal(await time("/a"), 1030);
  equal(await time("/b"), 2.5);
  // The delay of the whole backend comes on top.
  await test.server.update({ backend: { delay: "100ms" } });
  equal(await time("/b"), 102.5);
  await test.server.update({ backend: { delay: 0 } });
  const run = await test.server.simulate({
    scenarios: {
      slow: {
        executor: "modulate",
        set: { route: "a", dial: "delay" },
        to: "100ms",
        duration: "1m",
      },
      one: {
        executor: "shared-iterations",
        iterations: 1,
        users: 1,
        start: "1s",
        requests: [{ path: "/a" }],
      },
    },
  });
  equal(run.scenarios.one.responseTime.max, 1100);
});

Deno.test("wrong delays and headers of faults are reported with their place", async () => {
  const fault = (more: Record<string, unknown>) => ({
    share: 0.1,
    status: 503,
    ...more,
  });
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { path: "/a", delay: "-1s" },
        { path: "/b", delay: { normal: { mean: 1, sd: 1 } } as never },
        {
          path: "/c",
          faults: [
            fault({ retryAfterAs: "date" }),
            fault({ retryAfter: 1000, headers: { "Retry-After": "3" } }),
            fault({ headers: { "Content-Length": "3" } }),
            { share: 0.1, action: "hang", headers: { "X-A": "a" } } as never,
          ],
        },
      ],
    })
  );
  deepEqual(
    lines(error).map((line) => line.split(": ")[0]).toSorted(),
    [
      "/routes/0/delay",
      "/routes/1/delay",
      "/routes/2/faults/0/retryAfterAs",
      "/routes/2/faults/1/headers/Retry-After",
      "/routes/2/faults/2/headers/Content-Length",
      "/routes/2/faults/3/headers",
    ],
  );
});
