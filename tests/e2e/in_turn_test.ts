import { deepEqual, equal } from "node:assert/strict";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";
import { createTestServer, type TestServer } from "../../core/testing.ts";
import { eachEngine } from "../support/each_engine.ts";
import { get } from "../support/http.ts";

type RouteInput = NonNullable<PerfmockInput["routes"]>[number];

/** Status, body and time of some requests, one after another. */
async function answers(
  { request }: TestServer,
  ...requests: readonly (readonly [path: string, headers?: HeadersInit])[]
): Promise<string[]> {
  const found: string[] = [];
  for (const [path, headers] of requests) {
    const { response, duration } = await request(path, {
      headers: headers ?? {},
    });
    found.push(`${response.status} ${await response.text()} ${duration}`);
  }
  return found;
}

/** Replaces the route `job`. */
async function put(
  { server }: TestServer,
  { id: _, ...route }: RouteInput,
): Promise<void> {
  const response = await server.fetch(
    new Request("http://localhost/_perfmock/routes/job", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(route),
    }),
  );
  equal(response.status, 200, await response.text());
}

const STATES: RouteInput = {
  id: "job",
  path: "/jobs/:id",
  responses: [
    { status: 202, text: "queued" },
    { status: 202, text: "running", times: 2 },
    { text: "done" },
  ],
};

Deno.test("responses are given in turn: first, then, and the last one holds", async () => {
  await using server = await createTestServer({ routes: [STATES] });
  const path = ["/jobs/1"] as const;
  deepEqual(await answers(server, path, path, path, path, path), [
    "202 queued 0",
    "202 running 0",
    "202 running 0",
    "200 done 0",
    "200 done 0",
  ]);
  server.server.reset();
  deepEqual(await answers(server, path), ["202 queued 0"]);
});

Deno.test("responses begin again where turns end with repeat", async () => {
  await using server = await createTestServer({
    routes: [{ ...STATES, turns: { end: "repeat" } }],
  });
  const path = ["/jobs/1"] as const;
  deepEqual(
    (await answers(server, ...Array(6).fill(path))).map((each) =>
      each.split(" ")[1]
    ),
    ["queued", "running", "running", "done", "queued", "running"],
  );
});

Deno.test("turns are counted by header, cookie, path or query value, and without one together", async () => {
  const header = (name: string, value: string) => ({ [name]: value });
  const table: [
    per: string,
    requests: [string, HeadersInit?][],
    bodies: string,
  ][] = [
    [
      "path:id",
      [["/jobs/1"], ["/jobs/2"], ["/jobs/1"], ["/jobs/%31"]],
      "queued queued running running",
    ],
    ["header:Idempotency-Key", [
      ["/jobs/1", header("idempotency-key", "a")],
      ["/jobs/1", header("Idempotency-Key", "b")],
      ["/jobs/1", header("idempotency-key", "a")],
      ["/jobs/1"],
      ["/jobs/1"],
    ], "queued queued running queued running"],
    ["cookie:sid", [
      ["/jobs/1", header("cookie", "sid=1")],
      ["/jobs/1", header("cookie", "x=1; sid=2")],
      ["/jobs/1", header("cookie", "sid=1; x=2")],
    ], "queued queued running"],
    ["query:user", [["/jobs/1?user=a"], ["/jobs/1?user=b"], [
      "/jobs/1?user=a&x",
    ]], "queued queued running"],
    ["sequence", [["/jobs/1"], ["/jobs/2"]], "queued running"],
    ["session", [["/jobs/1"], ["/jobs/2"]], "queued running"],
  ];
  for (const [per, requests, bodies] of table) {
    await using server = await createTestServer({
      routes: [{ ...STATES, turns: { per } }],
    });
    const found = await answers(server, ...requests);
    equal(found.map((each) => each.split(" ")[1]).join(" "), bodies, per);
  }
});

Deno.test("each session has turns of its own", async () => {
  await using server = await createPerfmock({ routes: [STATES] }, {
    listen: false,
  });
  const send = async (session?: string) => {
    const headers: HeadersInit = session === undefined
      ? {}
      : { "perfmock-session": session };
    const response = await server.fetch(
      new Request("http://localhost/jobs/1", { headers }),
    );
    return await response.text();
  };
  const make = await server.fetch(
    new Request("http://localhost/_perfmock/sessions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ name: "w1" }),
    }),
  );
  equal(make.status, 201);
  await make.body?.cancel();
  deepEqual([await send(), await send("w1"), await send(), await send("w1")], [
    "queued",
    "queued",
    "running",
    "running",
  ]);
});

Deno.test("service times are given in turn: the first call cold, the third attempt slow", async () => {
  await using server = await createTestServer({
    routes: [
      {
        id: "cold",
        path: "/cold",
        serviceTimes: ["800ms", "20ms"],
        response: { text: "" },
      },
      {
        id: "third",
        path: "/third",
        serviceTimes: [{ times: 2, of: "10ms" }, "2s", {
          constant: { value: "10ms" },
        }],
        turns: { per: "header:Key" },
        response: { text: "" },
      },
    ],
  });
  const cold = ["/cold"] as const;
  deepEqual(await answers(server, cold, cold, cold), [
    "200  800",
    "200  20",
    "200  20",
  ]);
  const third = (key: string) => ["/third", { key }] as const;
  deepEqual(
    (await answers(
      server,
      third("a"),
      third("a"),
      third("b"),
      third("a"),
      third("a"),
      third("b"),
      third("b"),
    ))
      .map((each) => each.split("  ")[1]),
    ["10", "10", "10", "2000", "10", "10", "2000"],
  );
  equal(server.server.draw("cold", 0), 800);
  equal(server.server.draw("cold", 5), 20);
});

Deno.test("a distribution among several draws what it would draw alone at the same sequence number", async () => {
  const distribution = { lognormal: { median: "20ms", p99: "80ms" } };
  const route = { id: "r", path: "/r", response: { text: "" } };
  await using alone = await createTestServer({
    routes: [{ ...route, serviceTime: distribution }],
  });
  await using several = await createTestServer({
    routes: [{ ...route, serviceTimes: ["1s", distribution] }],
  });
  for (let n = 1; n < 50; n++) {
    equal(several.server.draw("r", n), alone.server.draw("r", n));
  }
});

Deno.test("responses and service times go on over a change of the configuration, and a request that is refused has its turn", async () => {
  await using server = await createTestServer({
    plugins: {
      limiter: { pools: { db: { rateLimit: { rate: "1/h", burst: 1 } } } },
    },
    routes: [{ ...STATES, turns: { per: "path:id" } }],
  });
  deepEqual(await answers(server, ["/jobs/1"], ["/jobs/2"]), [
    "202 queued 0",
    "202 queued 0",
  ]);
  await put(server, { ...STATES, turns: { per: "path:id" }, limiter: "db" });
  const [first, second] = await answers(server, ["/jobs/1"], ["/jobs/2"]);
  equal(first, "202 running 0");
  equal(second.slice(0, 3), "429");
  await put(server, { ...STATES, turns: { per: "path:id" } });
  deepEqual(await answers(server, ["/jobs/2"], ["/jobs/2"]), [
    "202 running 0",
    "200 done 0",
  ]);
});

Deno.test("wrong settings of turns are errors with a path", async () => {
  const table: [route: object, path: string][] = [
    [{ turns: { per: "path:ib" } }, "/routes/0/turns/per"],
    [{ turns: { per: "body:x" } }, "/routes/0/turns/per"],
    [{ turns: { end: "stop" } }, "/routes/0/turns/end"],
    [{ responses: [] }, "/routes/0/responses"],
    [{ response: {} }, "/routes/0/responses"],
    [{ responses: [{ text: "{{path.x}}" }] }, "/routes/0/responses/0/text"],
    [{ responses: [{ file: "none.txt" }] }, "/routes/0/responses/0/file"],
    [{ responses: [{ times: 0 }] }, "/routes/0/responses/0/times"],
    [{ serviceTime: "1s", serviceTimes: ["1s"] }, "/routes/0/serviceTimes"],
    [
      { serviceTimes: ["1s"], sampling: { scheme: "exact" } },
      "/routes/0/sampling/scheme",
    ],
    [{ serviceTimes: ["1x"] }, "/routes/0/serviceTimes/0"],
    [{ serviceTimes: [{ times: 2, of: "1x" }] }, "/routes/0/serviceTimes/0/of"],
  ];
  for (const [route, path] of table) {
    let issues: readonly { readonly path: string; readonly message: string }[] =
      [];
    try {
      await using _ = await createTestServer({
        routes: [{ ...STATES, ...route }],
      });
    } catch (error) {
      issues = (error as { issues: typeof issues }).issues;
    }
    deepEqual(
      issues.map((issue) => issue.path),
      [path],
      JSON.stringify([route, issues]),
    );
  }
});

eachEngine.test("responses in turn differ in status, headers, kind and place of their bodies", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/a/:id",
      responses: [
        { status: 503, headers: { "Retry-After": "1" } },
        { json: { n: "{{sequence}}", id: "{{path.id}}" } },
        { events: { count: 2, data: "{{index}}" } },
        { status: 204 },
      ],
    }],
  });
  const seen: string[] = [];
  for (let n = 0; n < 5; n++) {
    const response = await get(server, "/a/7");
    seen.push(
      `${response.status} ${
        response.headers.get("retry-after")
      } ${await response.text()}`,
    );
  }
  deepEqual(seen, [
    "503 1 ",
    '200 null {"n":1,"id":"7"}',
    "200 null data: 0\n\ndata: 1\n\n",
    "204 null ",
    "204 null ",
  ]);
  deepEqual(server.requests().map(({ status }) => status), [
    503,
    200,
    200,
    204,
    204,
  ]);
});
