import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { createServer } from "../../../../core/app.ts";
import type { Recording, RecordOptions } from "../../../../core/import.ts";
import type { Server } from "../../../../core/server/server.ts";
import type {
  AnswerLine,
  ExchangeLine,
  RecordingLine,
} from "../../../../plugins/importer/recording/format.ts";
import { folderWith } from "../../../support/plugins.ts";
import { until } from "../../../support/wait.ts";

/** A recording of an upstream, with all that it needs. */
interface Surroundings extends AsyncDisposable {
  readonly server: Server;
  readonly recording: Recording;
  readonly folder: string;
  readonly file: string;
  readonly upstream: string;
  /** Sends a request to the recorder. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Lines of the file. */
  lines(): RecordingLine[];
  exchanges(): ExchangeLine[];
  answers(): AnswerLine[];
}

async function recorded(
  handler: (request: Request) => Response | Promise<Response>,
  options: Partial<RecordOptions> = {},
): Promise<Surroundings> {
  const upstream = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    handler,
  );
  const folder = await folderWith({});
  const server = await createServer({}, { listen: false });
  const url = `http://127.0.0.1:${upstream.addr.port}`;
  const file = `${folder.path}/a.jsonl`;
  const recording = await server.record({ upstream: url, file, ...options });
  const lines = () =>
    Deno.readTextFileSync(options.file ?? file).trimEnd().split("\n").map((
      line,
    ) => JSON.parse(line) as RecordingLine);
  return {
    server,
    recording,
    folder: folder.path,
    file,
    upstream: url,
    fetch: (path, init) =>
      fetch(new URL(path, recording.url), { redirect: "manual", ...init }),
    lines,
    exchanges: () => lines().filter((line) => line.kind === "exchange"),
    answers: () => lines().filter((line) => line.kind === "answer"),
    async [Symbol.asyncDispose]() {
      await recording.end();
      await server[Symbol.asyncDispose]();
      await upstream.shutdown();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("A recording passes requests on unchanged, and writes each exchange when it has ended", async () => {
  const seen: [string, string, string | null, string][] = [];
  await using own = await recorded(async (request) => {
    const { pathname, search } = new URL(request.url);
    seen.push([
      request.method,
      pathname + search,
      request.headers.get("x-tenant"),
      await request.text(),
    ]);
    return Response.json({ total: 10.5 }, { headers: { "X-Total": "3" } });
  });
  const answer = await own.fetch("/orders?q=a%20b", {
    method: "POST",
    headers: { "X-Tenant": "eu", "content-type": "application/json" },
    body: '{"a":1}',
  });
  equal(answer.headers.get("x-total"), "3");
  deepEqual(await answer.json(), { total: 10.5 });
  deepEqual(seen, [["POST", "/orders?q=a%20b", "eu", '{"a":1}']]);
  await until(() => own.recording.report.exchanges === 1);
  const [exchange] = own.exchanges();
  equal(exchange.target, "/orders?q=a%20b");
  equal(exchange.type, "application/json");
  equal(exchange.inFlight, 0);
  ok(exchange.wait > 0 && exchange.total >= exchange.wait);
  equal(own.answers()[0].text, '{"total":10.5}');
  ok(!own.lines().some((line) => JSON.stringify(line).includes('"a":1')));
});

Deno.test("A recording counts time at the upstream: not that of the request's body, of the connection or of a slow client", async () => {
  await using own = await recorded(async (request) => {
    await request.arrayBuffer();
    await new Promise((resolve) => setTimeout(resolve, 60));
    return new Response("ok");
  });
  // The body takes 150 ms until it has been sent.
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new Uint8Array(10));
      await new Promise((resolve) => setTimeout(resolve, 150));
      controller.enqueue(new Uint8Array(10));
      controller.close();
    },
  });
  const answer = await own.fetch("/", { method: "POST", body });
  equal(await answer.text(), "ok");
  await until(() => own.recording.report.exchanges === 1);
  const [{ wait, connect = 0 }] = own.exchanges();
  ok(wait >= 59 && wait < 140, `${wait} ms`);
  ok(connect > 0);
});

Deno.test("A recording tells how many requests were under way at each arrival", async () => {
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  await using own = await recorded(async () => {
    if (++waiting === 5) gate.resolve();
    await gate.promise;
    return new Response("ok");
  });
  await Promise.all(
    Array.from({ length: 5 }, () => own.fetch("/a").then((r) => r.text())),
  );
  await until(() => own.recording.report.exchanges === 5);
  deepEqual(own.exchanges().map(({ inFlight }) => inFlight).sort(), [
    0,
    1,
    2,
    3,
    4,
  ]);
  const { text } = (await own.recording.mock()).mock();
  match(text, /Requests arrived while up to 4 others were under way/);
  match(text, /in front of a pool it would count twice/);
});

Deno.test("A recording decodes compressed bodies, keeps redirects and cookies with the recorder, and names GraphQL operations", async () => {
  await using own = await recorded(async (request) => {
    const { pathname, origin } = new URL(request.url);
    switch (pathname) {
      case "/gzip":
        return new Response(new Uint8Array(gzipSync("hello ".repeat(300))), {
          headers: { "content-encoding": "gzip", "content-type": "text/plain" },
        });
      case "/old":
        return new Response(null, {
          status: 301,
          headers: { location: `${origin}/new` },
        });
      case "/login":
        return new Response(null, {
          status: 204,
          headers: {
            "set-cookie": "sid=0123456789abcdef; Domain=example.com; Path=/",
          },
        });
      default:
        return Response.json(await request.json());
    }
  });
  equal(await (await own.fetch("/gzip")).text(), "hello ".repeat(300));
  const moved = await own.fetch("/old");
  await moved.body?.cancel();
  equal(moved.headers.get("location"), `${own.recording.url.origin}/new`);
  const login = await own.fetch("/login");
  equal(login.headers.get("set-cookie"), "sid=0123456789abcdef; Path=/");
  await (await own.fetch("/graphql", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      operationName: "GetCart",
      query: "query GetCart { id }",
    }),
  })).text();
  await until(() => own.recording.report.exchanges === 4);
  const [coded, redirect, cookie] = own.answers();
  deepEqual([coded.text, coded.size, coded.coding], [
    "hello ".repeat(300),
    1800,
    "gzip",
  ]);
  deepEqual(redirect.headers.find(([name]) => name === "location"), [
    "location",
    "/new",
  ]);
  ok(cookie.headers.some(([, value]) => value === "sid=removed; Path=/"));
  equal(own.exchanges()[3].operation, "GetCart");
  const { text } = (await own.recording.mock()).mock();
  match(text, /when: \{ graphql: \{ operation: GetCart \} \}/);
  match(text, /status: 301, headers: \{ Location: \/new \}/);
  match(text, /compress: \[ gzip \]/);
});

Deno.test("A recording measures streams of events, also one that the client leaves", async () => {
  await using own = await recorded(({ url }) => {
    let timer: ReturnType<typeof setInterval>;
    let count = 0;
    return new Response(
      new ReadableStream({
        start(controller) {
          timer = setInterval(() => {
            controller.enqueue(
              new TextEncoder().encode(`data: {"n":${count}}\n\n`),
            );
            if (++count === 4 && url.endsWith("/ends")) {
              clearInterval(timer);
              controller.close();
            }
          }, 30);
        },
        cancel: () => clearInterval(timer),
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
  });
  match(await (await own.fetch("/ends")).text(), /"n":3/);
  const endless = await own.fetch("/endless");
  const reader = endless.body?.getReader();
  await reader?.read();
  await reader?.read();
  await reader?.cancel();
  await until(() => own.recording.report.exchanges === 2);
  const [{ gaps = [], pieces }, left] = own.exchanges();
  equal(pieces, 4);
  ok(gaps.length === 3 && gaps.every((gap) => gap > 5), `${gaps}`);
  ok((left.pieces ?? 1) >= 2);
  const { text } = (await own.recording.mock()).mock();
  match(text, /wire: \{ gap: \{ empirical: /);
});

Deno.test("A recording names what it does not record: WebSockets, clients that left, upstreams that break off or do not answer", async () => {
  await using own = await recorded(async (request) => {
    switch (new URL(request.url).pathname) {
      case "/socket": {
        const { socket, response } = Deno.upgradeWebSocket(request);
        socket.onmessage = ({ data }) => socket.send(`echo ${data}`);
        return response;
      }
      case "/breaks": {
        let pulls = 0;
        return new Response(
          new ReadableStream({
            pull(controller) {
              if (pulls++ === 0) controller.enqueue(new Uint8Array(10));
              else controller.error(new Error("broken"));
            },
          }),
          { headers: { "content-length": "100" } },
        );
      }
      default:
        await new Promise((resolve) => setTimeout(resolve, 400));
        return new Response("late");
    }
  }, { timeout: 200 });
  const socket = new WebSocket(
    new URL("/socket", own.recording.url.href.replace("http", "ws")),
  );
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.onopen = () => socket.send("a");
  socket.onmessage = ({ data }) => resolve(data);
  equal(await promise, "echo a");
  const closed = new Promise((done) => socket.onclose = done);
  socket.close();
  await closed;
  await rejects(own.fetch("/breaks").then((answer) => answer.text()));
  const late = await own.fetch("/late");
  equal(late.status, 504);
  match(await late.text(), /did not answer within 200 ms/);
  await rejects(own.fetch("/gone", { signal: AbortSignal.timeout(50) }));
  await until(() => own.recording.report.leftOut.length === 4);
  const left = own.recording.report.leftOut.join("\n");
  match(
    left,
    /1 × WebSockets, which were passed on and not recorded \(GET \/socket\)/,
  );
  match(left, /1 × answers that the upstream broke off \(GET \/breaks\)/);
  match(
    left,
    /1 × requests that the upstream did not answer within 200 ms \(GET \/late\)/,
  );
  match(
    left,
    /1 × clients that left before the answer was complete \(GET \/gone\)/,
  );
  equal(own.recording.report.exchanges, 0);
});

Deno.test("A recording is stopped and continued, by its methods and by control calls", async () => {
  await using own = await recorded(() => new Response("ok"), { paused: true });
  const call = async (method: string, path = "") => {
    const answer = await own.server.fetch(
      new Request(`http://127.0.0.1/_perfmock/importer/recordings${path}`, {
        method,
      }),
    );
    return { status: answer.status, text: await answer.text() };
  };
  const send = async () => void await (await own.fetch("/a")).text();
  await send();
  equal(own.recording.report.state, "stopped");
  match((await call("POST", "/recording-1/start")).text, /"state":"recording"/);
  await send();
  await until(() => own.recording.report.exchanges === 1);
  own.recording.stop();
  await send();
  own.recording.start();
  await send();
  await until(() => own.recording.report.exchanges === 2);
  match((await call("POST", "/recording-1/stop")).text, /"state":"stopped"/);
  const { recordings } = JSON.parse((await call("GET")).text);
  deepEqual(
    [recordings.length, recordings[0].id, recordings[0].exchanges],
    [1, "recording-1", 2],
  );
  match((await call("GET", "/recording-1/mock")).text, /\n {4}path: \/a\n/);
  deepEqual(
    [
      (await call("GET", "/other")).status,
      (await call("POST", "/other/stop")).status,
    ],
    [404, 404],
  );
  deepEqual(own.lines().map(({ kind }) => kind), [
    ...["recording", "answer", "exchange", "stopped"],
    ...["exchange", "stopped"],
  ]);
});

Deno.test("A recording ends by its count, its duration and its size, and passes requests on", async () => {
  for (
    const [options, reason] of [
      [{ count: 3 }, "its number of exchanges is reached"],
      [{ maxSize: 1500 }, "the file has its greatest size"],
      [{ duration: 250 }, "its duration has passed"],
    ] as const
  ) {
    await using own = await recorded(() => Response.json({ a: 1 }), options);
    let over = false;
    own.recording.ended.then(() => over = true);
    for (let i = 0; !over; i++) await (await own.fetch("/a")).text();
    equal(await own.recording.ended, reason);
    const passed = await own.fetch("/a");
    deepEqual([passed.status, await passed.text()], [200, '{"a":1}']);
    const { bytes, exchanges, state } = own.recording.report;
    deepEqual([state, own.recording.report.reason], ["stopped", reason]);
    equal(own.exchanges().length, exchanges);
    if ("count" in options) equal(exchanges, 3);
    if ("maxSize" in options) ok(bytes >= 1500 && bytes < 2500, `${bytes}`);
  }
});

Deno.test("A recording cuts bodies by their own size and by that of all, and says so", async () => {
  await using own = await recorded(
    (request) =>
      new Response(
        "x".repeat(Number(new URL(request.url).searchParams.get("n"))),
      ),
    { maxBody: 5000, maxSize: 20_000 },
  );
  for (const size of [100, 5001, 4000, 4001, 4002, 4003, 4004]) {
    await (await own.fetch(`/a?n=${size}`)).text();
  }
  await until(() => own.recording.report.exchanges === 7);
  const answers = own.answers();
  deepEqual(
    answers.map(({ size, text }) => [size, text?.length]),
    [[100, 100], [5001, undefined], [4000, 4000], [4001, 4001], [4002, 4002], [
      4003,
      undefined,
    ], [4004, undefined]],
  );
  const left = own.recording.report.leftOut.join("\n");
  match(
    left,
    /1 × bodies of more than 5000 bytes, of which the size is recorded/,
  );
  match(
    left,
    /2 × bodies beyond three quarters of --max-size, of which the size is recorded/,
  );
});

Deno.test("A recording is continued after a crash: the line that was cut off is removed, and all others count", async () => {
  await using folder = await folderWith({});
  const file = `${folder.path}/kept.jsonl`;
  let url = "";
  {
    await using own = await recorded(() => Response.json({ a: 1 }), { file });
    url = own.upstream;
    await (await own.fetch("/a")).text();
    await until(() => own.recording.report.exchanges === 1);
  }
  const whole = await Deno.readTextFile(file);
  const crashed = whole + '{"kind":"exchange","at":17';
  await Deno.writeTextFile(file, crashed);
  const port = Number(new URL(url).port);
  await using again = Deno.serve(
    { port, hostname: "127.0.0.1", onListen() {} },
    () => Response.json({ a: 1 }),
  );
  await using server = await createServer({}, { listen: false });
  const imported = await server.importer.import([file]);
  match(
    imported.report.leftOut.join("\n"),
    /1 × a line that was not written to its end/,
  );
  await rejects(
    server.record({ upstream: url, file }),
    ({ issues: [issue] }) => /is there already/.test(issue.message),
  );
  await rejects(
    server.record({ upstream: `${url}/other`, file, append: true }),
    ({ issues: [issue] }) => /of another upstream/.test(issue.message),
  );
  equal(await Deno.readTextFile(file), crashed);
  {
    await using recording = await server.record({
      upstream: url,
      file,
      append: true,
    });
    await (await fetch(new URL("/b", recording.url))).text();
    await until(() => recording.report.exchanges === 1);
  }
  const text = await Deno.readTextFile(file);
  ok(text.startsWith(whole));
  const lines = text.slice(whole.length).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  deepEqual(lines.map(({ kind }) => kind), [
    "continued",
    "answer",
    "exchange",
    "stopped",
  ]);
  equal(lines[1].id, 2);
  const { routes } = (await server.importer.import([file])).report;
  equal(routes, 2);
  equal(again.addr.port, port);
});

Deno.test("Server.record() refuses an upstream that is no URL, cannot be reached, or is the recorder itself", async () => {
  await using folder = await folderWith({});
  await using server = await createServer({}, { listen: false });
  const file = `${folder.path}/a.jsonl`;
  const refused = async (
    options: Partial<RecordOptions> & { readonly upstream: string },
    code: string,
    message: RegExp,
  ) => {
    await rejects(server.record({ file, ...options }), (error) => {
      equal(Reflect.get(Object(error), "code"), code);
      match(Reflect.get(Object(error), "issues")[0].message, message);
      return true;
    });
    deepEqual([...Deno.readDirSync(folder.path)], []);
  };
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  await refused({ upstream: "example" }, "ARGUMENT_INVALID", /is no URL/);
  await refused(
    { upstream: "ftp://a.example" },
    "ARGUMENT_INVALID",
    /is no HTTP server/,
  );
  await refused(
    { upstream: "http://a.example/?a=1" },
    "ARGUMENT_INVALID",
    /has a query/,
  );
  await refused(
    { upstream: `http://127.0.0.1:${port}` },
    "UPSTREAM_FAILED",
    /does not accept a connection/,
  );
  await refused(
    { upstream: `http://localhost:${port}`, port },
    "UPSTREAM_LOOP",
    /without end/,
  );
});

Deno.test("Server.record() sends credentials of the URL, and writes them nowhere", async () => {
  const seen: (string | null)[] = [];
  await using own = await recorded(({ headers }) => {
    seen.push(headers.get("authorization"));
    return Response.json({ echo: headers.get("authorization") });
  });
  const file = `${own.folder}/b.jsonl`;
  const upstream = own.upstream.replace("//", "//ann:s3cret-Pass9@");
  {
    await using recording = await own.server.record({ upstream, file });
    await (await fetch(new URL("/a", recording.url))).text();
    await until(() => recording.report.exchanges === 1);
    equal(recording.report.upstream, own.upstream);
  }
  deepEqual(seen, [`Basic ${btoa("ann:s3cret-Pass9")}`]);
  const text = await Deno.readTextFile(file);
  for (
    const form of ["s3cret-Pass9", btoa("ann:s3cret-Pass9").replaceAll("=", "")]
  ) {
    ok(!text.includes(form), text);
  }
});

Deno.test("A recording leads a request that comes back to it nowhere", async () => {
  let target = "";
  await using own = await recorded(async (request) => {
    // The upstream sends requests back with all their headers.
    const answer = await fetch(target, { headers: request.headers });
    return new Response(answer.body, answer);
  });
  target = new URL("/a", own.recording.url).href;
  const answer = await own.fetch("/a");
  equal(answer.status, 508);
  match(await answer.text(), /came back to the recorder/);
});
