import { deepEqual, equal, match } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";

const CONFIG = {
  routes: [{ id: "a", path: "/a", serviceTime: "20ms" }],
} as const;

/** A beacon about one request that was really made. */
async function beaconOf(url: URL, headers: Record<string, string> = {}) {
  const response = await fetch(url, { headers });
  await response.body?.cancel();
  const timing = response.headers.get("server-timing") ?? "";
  return {
    page: "page-0001",
    url: "http://localhost:3000/",
    requests: [{
      url: url.href,
      startTime: 0,
      fetchStart: 0,
      requestStart: 5,
      responseStart: 30,
      responseEnd: 31,
      transferSize: 400,
      status: 200,
      traceparent: /traceparent;desc="([^"]*)"/.exec(timing)?.[1],
    }],
    figures: { LCP: { value: 123, rating: "good" } },
  };
}

function post(server: Perfmock, body: BodyInit, headers: HeadersInit = {}) {
  const url = new URL("/_perfmock/exporters/correlation", server.url);
  return fetch(url, { method: "POST", body, headers });
}

async function get(server: Perfmock, path: string, headers: HeadersInit = {}) {
  const url = new URL(`/_perfmock/exporters/${path}`, server.url);
  return await (await fetch(url, { headers })).json();
}

eachEngine.test("a beacon of any content type is joined with the exchange of its trace", async () => {
  await using server = await createPerfmock(CONFIG);
  const beacon = await beaconOf(new URL("/a", server.url));
  for (const type of ["application/json", "text/plain;charset=UTF-8"]) {
    const answer = await post(server, JSON.stringify(beacon), {
      "content-type": type,
    });
    deepEqual([answer.status, await answer.json()], [200, {
      joined: 1,
      unjoined: {},
    }]);
  }
  const { routes: [{ route, phases, total }], pages } = await get(
    server,
    "correlation",
  );
  deepEqual([route, total.count, total.mean], ["a", 2, 31]);
  const [{ totalMs }] = server.requests();
  equal(Math.abs(phases.service.mean - totalMs) < 0.01, true);
  equal(pages[0].figures.LCP.p50 > 122, true);
  const load = await get(server, "correlation/pages/latest");
  deepEqual([load.page, load.requests.length], ["page-0001", 2]);
});

eachEngine.test("pages of any origin may load the script and send beacons, without a token, and may not read the answer", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    control: { token: "secret" },
  });
  const origin = "http://localhost:3000";
  const page = { origin, "sec-fetch-site": "cross-site" };
  for (const name of ["client.js", "web-vitals.js"]) {
    const response = await fetch(
      new URL(`/_perfmock/exporters/correlation/${name}`, server.url),
      { headers: page },
    );
    const text = await response.text();
    match(text, /onLCP/);
    equal(text.includes("sourceMappingURL"), false);
    match(response.headers.get("content-type") ?? "", /^text\/javascript/);
    equal(response.headers.get("access-control-allow-origin"), origin);
  }
  const url = new URL("/_perfmock/exporters/correlation", server.url);
  const asked = await fetch(url, {
    method: "OPTIONS",
    headers: {
      origin,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    },
  });
  deepEqual([
    asked.status,
    asked.headers.get("access-control-allow-origin"),
    asked.headers.get("access-control-allow-headers"),
  ], [204, origin, "content-type"]);
  const sent = await post(
    server,
    JSON.stringify(await beaconOf(new URL("/a", server.url))),
    page,
  );
  deepEqual([sent.status, (await sent.json()).joined], [200, 1]);
  const read = await fetch(url, { headers: page });
  await read.body?.cancel();
  equal(read.status, 403);
  const unknown = await fetch(url);
  await unknown.body?.cancel();
  equal(unknown.status, 401);
  const answer = await get(server, "correlation", {
    authorization: "Bearer secret",
  });
  equal(answer.joined, 1);
});

eachEngine.test("a page of a session sends its beacons to the session's host, and its requests are joined", async () => {
  await using server = await createPerfmock(CONFIG);
  const made = await fetch(new URL("/_perfmock/sessions", server.url), {
    method: "POST",
    body: JSON.stringify({ name: "w1" }),
  });
  await made.body?.cancel();
  const session = { "perfmock-session": "w1" };
  const beacon = await beaconOf(new URL("/a", server.url), session);
  const sent = await post(server, JSON.stringify(beacon), session);
  deepEqual(await sent.json(), { joined: 1, unjoined: {} });
  const { routes } = await get(server, "correlation?session=w1");
  deepEqual(routes.map(({ session }: { session: string }) => session), ["w1"]);
  deepEqual((await get(server, "correlation?session=w2")).routes, []);
});

eachEngine.test("beacons that cannot be used are refused, with all issues, and counted", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    plugins: { exporters: { correlation: { rate: 5 } } },
  });
  const statuses: number[] = [];
  const bad = [
    "{",
    JSON.stringify({ page: "x", requests: [{ url: 1 }], figures: { X: 1 } }),
    "x".repeat(10_000_000),
  ];
  for (const body of bad) {
    const response = await post(server, body);
    statuses.push(response.status);
    const { issues } = await response.json();
    if (statuses.length === 2) {
      deepEqual(issues.map(({ path }: { path: string }) => path).sort(), [
        "/figures/X",
        "/page",
        "/requests/0/url",
        "/url",
      ]);
    }
  }
  const good = JSON.stringify(await beaconOf(new URL("/a", server.url)));
  while (statuses.at(-1) !== 429 && statuses.length < 100) {
    const response = await post(server, good);
    await response.body?.cancel();
    statuses.push(response.status);
  }
  deepEqual(statuses.slice(0, 4), [400, 400, 413, 200]);
  equal(statuses.at(-1), 429);
  const { refused } = await get(server, "correlation");
  deepEqual(refused, { malformed: 2, too_large: 1, rate_limited: 1 });
});

eachEngine.test("correlation that is off has no calls", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    plugins: { exporters: { correlation: false } },
  });
  const response = await post(server, "{}");
  await response.body?.cancel();
  equal(response.status, 404);
});

eachEngine.test("POST reset removes the figures, and an unknown page load is a 404", async () => {
  await using server = await createPerfmock(CONFIG);
  const beacon = await beaconOf(new URL("/a", server.url));
  await (await post(server, JSON.stringify(beacon))).body?.cancel();
  const reset = await fetch(new URL("/_perfmock/reset", server.url), {
    method: "POST",
  });
  await reset.body?.cancel();
  equal((await get(server, "correlation")).beacons, 0);
  equal((await get(server, "correlation/pages/latest")).status, 404);
});
