import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { correlate, waterfallOf } from "../../../core/cli/correlate.ts";
import { drawSvg } from "../../../core/lib/drawing.ts";
import {
  createPerfmock,
  type Perfmock,
  type PerfmockInput,
} from "../../../mod.ts";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const CONFIG: PerfmockInput = {
  seed: 1,
  routes: [{ id: "a", path: "/a", serviceTime: "2ms" }],
};

/** A URL as an attacker would choose it: markup, an escape sequence, a change of direction. */
const EVIL = `x"><script>alert(1)</script>'&\u001b[31m\u202e\u0000`;

/** Characters that must not reach a terminal. */
// deno-lint-ignore no-control-regex -- control characters are what it finds
const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/;

/** Makes a request, and the beacon of a page about it. */
async function beaconOf(
  server: Perfmock,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  const answer = await server.fetch(
    new Request(new URL("/a", server.url), { headers }),
  );
  await answer.body?.cancel();
  const timing = answer.headers.get("server-timing") ?? "";
  return {
    page: "page-0001",
    url: "http://localhost:3000/",
    requests: [{
      url: new URL("/a?b", server.url).href,
      startTime: 10,
      fetchStart: 10,
      requestStart: 30,
      responseStart: 60,
      responseEnd: 61,
      transferSize: 400,
      status: 200,
      traceparent: /traceparent;desc="([^"]*)"/.exec(timing)?.[1],
    }],
    figures: {
      LCP: { value: 123, rating: "good" },
      CLS: { value: 0.125, rating: "good" },
    },
    ...more,
  };
}

async function send(server: Perfmock, beacon: unknown): Promise<void> {
  const url = new URL("/_perfmock/exporters/correlation", server.url);
  const answer = await fetch(url, {
    method: "POST",
    body: JSON.stringify(beacon),
  });
  equal(answer.status, 200, await answer.text());
}

function ask(server: Perfmock, ...args: readonly string[]) {
  return cli("correlate", "--url", server.url.href, ...args);
}

Deno.test("correlate prints a table of routes and one of pages, and the reasons of what was not joined", async () => {
  await using server = await createPerfmock(CONFIG);
  const beacon = await beaconOf(server);
  await send(server, beacon);
  const [request] = beacon.requests;
  await send(server, {
    ...beacon,
    requests: [{ ...request, traceparent: "" }],
  });
  const { status, out, err } = await ask(server);
  deepEqual([status, err], [0, ""]);
  match(
    out,
    /^1 requests of pages joined with exchanges, from 2 beacons, not joined: 1 no_trace\n/,
  );
  match(out, /\na +1 +51\.\d +51\.\d +51\.0 +0\.0 +20\.0 +0\.0 +0\.0 +0\.0 /);
  match(
    out,
    /\nhttp:\/\/localhost:3000\/ +1 +– +– +123\.\d +– +0\.125 +page-0001\n/,
  );
  match(out, /\nno_trace: no route answered the request/);
});

Deno.test("correlate --page prints the requests of a page load, and --json all of it", async () => {
  await using server = await createPerfmock(CONFIG);
  await send(server, await beaconOf(server));
  const { out } = await ask(server, "--page", "latest");
  match(out, /^http:\/\/localhost:3000\/, 2\d\d\d-/);
  match(out, /\nLCP 123\.0 {2}CLS 0\.125\n/);
  match(out, /\n1 {2}a \/a\?b +10\.0 +51\.0 +0\.0 +20\.0 /);
  const json = await ask(server, "--page", "page-0001", "--json");
  equal(JSON.parse(json.out).requests[0].sequence, 0);
  equal(JSON.parse((await ask(server, "--json")).out).joined, 1);
  await send(server, { page: "page-0002", url: "http://localhost:3000/2" });
  match(
    (await ask(server, "--page", "page-0002")).out,
    /It has sent no requests/,
  );
});

Deno.test("correlate without a page says which line to add, and writes no waterfall", async () => {
  await using server = await createPerfmock(CONFIG);
  await using folder = await folderWith({});
  const file = `${folder.path}/w.svg`;
  const { status, out, err } = await ask(server, "--waterfall", file);
  equal(status, 1);
  ok(out.includes(
    `<script type="module" src="${server.url.origin}/_perfmock/exporters/correlation/client.js"></script>`,
  ));
  match(err, /^There is no page load to draw/);
  deepEqual([...Deno.readDirSync(folder.path)], []);
  const missing = await ask(server, "--page", "latest");
  equal(missing.status, 2);
  match(missing.err, /\/id: No page has sent its timings yet/);
});

Deno.test("correlate --session answers for one session, its latest page load included", async () => {
  await using server = await createPerfmock(CONFIG);
  const made = await fetch(new URL("/_perfmock/sessions", server.url), {
    method: "POST",
    body: JSON.stringify({ name: "w1" }),
  });
  await made.body?.cancel();
  const session = { "perfmock-session": "w1" };
  await send(server, await beaconOf(server, {}, session));
  await send(server, await beaconOf(server, { page: "page-0002" }));
  const { out } = await ask(server, "--session", "w1");
  match(out, /^1 requests of pages joined with exchanges of session w1/);
  match(out, /\na \(w1\) /);
  equal(out.includes("page-0002"), false);
  const load = await ask(
    ...[server, "--session", "w1", "--page", "latest", "--json"] as const,
  );
  equal(JSON.parse(load.out).page, "page-0001");
  const other = await ask(server, "--session", "w2", "--page", "latest");
  match(other.err, /No page with requests to this session/);
});

Deno.test("correlate shows markup and control characters of pages, and neither a terminal nor a browser obeys them", async () => {
  await using server = await createPerfmock(CONFIG);
  await using folder = await folderWith({});
  const beacon = await beaconOf(server, { url: EVIL });
  const [request] = beacon.requests;
  await send(server, {
    ...beacon,
    requests: [request, { ...request, url: EVIL, traceparent: EVIL }],
    figures: {
      LCP: { value: 1, rating: EVIL, attribution: { [EVIL]: EVIL } },
    },
  });
  for (const args of [[], ["--page", "latest"]]) {
    const { out } = await ask(server, ...args);
    equal(OBEYED.test(out), false, JSON.stringify(out));
    ok(out.includes("\\u001b[31m\\u202e\\u0000"), out);
  }
  for (const name of ["w.html", "w.svg"]) {
    const file = `${folder.path}/${name}`;
    const { status, err } = await ask(server, "--waterfall", file);
    deepEqual([status, OBEYED.test(err)], [0, false]);
    const text = await Deno.readTextFile(file);
    equal(/<script|on\w+=|href=/i.test(text.replaceAll(/"[^"]*"/g, "")), false);
    equal(OBEYED.test(text), false);
    match(text, /&lt;script&gt;/);
    match(text, /stall/);
  }
});

Deno.test("correlate finds a control API at another path, and a server with a certificate of its own", async () => {
  await using moved = await createPerfmock({
    ...CONFIG,
    control: { path: "/ctl" },
  });
  const path = new URL("/ctl/", moved.url).href;
  match((await cli("correlate", "--url", path)).out, /^0 requests/);
  const { err } = await cli("correlate", "--url", moved.url.href);
  match(err, /control\.path/);
  await using secure = await createPerfmock({
    ...CONFIG,
    server: { tls: "self-signed" },
  });
  match((await ask(secure)).out, /^0 requests/);
  const plain = secure.url.href.replace("https", "http");
  match(
    (await cli("correlate", "--url", plain)).err,
    /https:\/\/ for a server/,
  );
});

const silent = { write() {}, writeError() {}, bold: String, dim: String };

Deno.test("correlate names PERFMOCK_TOKEN where the server wants a token", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    control: { token: "secret" },
  });
  const asked = async (token: string | undefined) => {
    try {
      return await correlate({ url: server.url.href }, silent, token);
    } catch (error) {
      const [{ path, message }] = (error as {
        issues: { path: string; message: string }[];
      }).issues;
      return `${path}: ${message}`;
    }
  };
  equal(
    await asked(undefined),
    "PERFMOCK_TOKEN: The environment variable is not set",
  );
  equal(await asked("wrong"), "PERFMOCK_TOKEN: The server has another token");
  equal(await asked("secret"), 0);
});

Deno.test("correlate says that correlation may be off", async () => {
  await using server = await createPerfmock({
    ...CONFIG,
    plugins: { exporters: { correlation: false } },
  });
  const { status, err } = await ask(server);
  equal(status, 2);
  match(
    err,
    /--url: Nothing tells the correlation at http.*\n.*correlation: false/,
  );
});

const STRANGE: readonly (readonly [string, number, string, RegExp])[] = [
  [
    "HTML",
    200,
    "<h1>Hello</h1>",
    /--url: What answers at .* is not a perfmock/,
  ],
  ["other JSON", 200, `{"status":"ok"}`, /is not a perfmock/],
  ["a list", 200, "[]", /is not a perfmock/],
  ["null", 200, "null", /is not a perfmock/],
  ["an empty body", 200, "", /is not a perfmock/],
  ["an error page", 502, "<h1>Bad Gateway</h1>", /it answered 502/],
  ["JSON with status 500", 500, `{"title":5,"issues":7}`, /it answered 500/],
  [
    "an error with escape sequences",
    400,
    JSON.stringify({
      title: EVIL,
      issues: [{ path: EVIL, message: EVIL, value: EVIL }],
    }),
    /\\u001b\[31m/,
  ],
];

for (const [name, status, body, expected] of STRANGE) {
  Deno.test(`correlate explains that another server answers: ${name}`, async () => {
    const server = createServer((_, response) => {
      response.writeHead(status, { connection: "close" });
      response.end(body);
    });
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve())
    );
    try {
      const { port } = server.address() as AddressInfo;
      const ended = await cli("correlate", "--url", `http://127.0.0.1:${port}`);
      deepEqual([ended.status, ended.out], [2, ""]);
      match(ended.err, expected);
      equal(OBEYED.test(ended.err), false, ended.err);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
}

Deno.test("correlate refuses what it cannot use before it asks", async () => {
  for (
    const [args, expected] of [
      [["--url", "foo"], /--url: This is no URL of a server/],
      [["--url", "file:///etc/passwd"], /--url: This is no URL of a server/],
      [
        ["--url", "http://127.0.0.1:1"],
        /--url: No server answers there: .*ECONNREFUSED/,
      ],
      [["--waterfall", "x.png"], /--waterfall: The name of the file/],
      [["--waterfall", "/nowhere/x.svg"], /--waterfall: Cannot write/],
    ] as const
  ) {
    const { status, err } = await cli("correlate", ...args);
    equal(status, 2);
    match(err, expected);
  }
});

const LOAD = {
  url: "http://localhost/",
  time: "2026-01-01T00:00:00.000Z",
  figures: {},
  requests: [],
};

Deno.test("a page load without requests or figures is drawn empty", async () => {
  match(await drawSvg(waterfallOf(LOAD)), /^<svg.*http:\/\/localhost\//s);
});

Deno.test("a waterfall has a bar per phase above 0, and says how many requests it leaves out", async () => {
  const joined = {
    url: "http://localhost/a",
    startMs: 5,
    totalMs: 30,
    route: "a",
    phases: { stall: 10, service: 20.5, gap: -0.5 },
    unjoined: null,
  };
  const lost = {
    ...joined,
    url: "no url",
    route: null,
    phases: null,
    unjoined: "cached",
  };
  const spec = waterfallOf({
    ...LOAD,
    figures: { LCP: { value: 33 }, INP: { value: 8 } },
    requests: [joined, ...Array.from({ length: 120 }, () => lost)],
  }) as {
    title: { subtitle: string };
    layer: {
      data: { values: Record<string, unknown>[] };
      mark: { align?: string };
    }[];
  };
  deepEqual(spec.layer[0].data.values.slice(0, 3), [
    { row: "1  a /a", phase: "stall", from: 5, to: 15, note: "10.0 ms" },
    { row: "1  a /a", phase: "service", from: 15, to: 35.5, note: "20.5 ms" },
    {
      row: "2  (cached) no url",
      phase: "not joined",
      from: 5,
      to: 35,
      note: "cached",
    },
  ]);
  match(spec.title.subtitle, /; 21 later requests are not drawn$/);
  deepEqual(spec.layer[1].data.values, [{ at: 33, label: "LCP 33 ms" }]);
  // Beside the legend, which is on the right.
  equal(spec.layer[2].mark.align, "right");
  match(await drawSvg(spec as never), /LCP 33 ms/);
});
