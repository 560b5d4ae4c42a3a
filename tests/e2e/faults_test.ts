// Runs alone, without the profiler: measures time.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import type { Lease } from "../../core/plugin.ts";
import { eachEngine } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { get, json, rawRequest } from "../support/http.ts";
import { hooks } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

/** Sends a GET on a TCP connection of its own. */
function raw(server: Perfmock, path: string, ...headers: string[]) {
  return rawRequest(server.url, [
    `GET ${path} HTTP/1.1`,
    "host: localhost",
    ...headers,
  ]);
}

/** Returns the status of a GET, without its body. */
async function status(server: Perfmock, path: string, init?: RequestInit) {
  const response = await get(server, path, init);
  await response.body?.cancel();
  return response.status;
}

async function metrics(server: Perfmock): Promise<string> {
  return await (await get(server, "/metrics")).text();
}

eachEngine.test("a fault with a status leaves after the service time, with perfmock's headers and a body of its own", async () => {
  await using server = await createPerfmock({
    routes: [{
      id: "orders",
      path: "/orders",
      serviceTime: "20ms",
      response: { json: [] },
      faults: [{ share: 1, status: 503, retryAfter: "1500ms" }],
    }, {
      path: "/text",
      faults: [{ share: 1, status: 429, text: "slow down" }],
    }, {
      path: "/json",
      faults: [{ share: 1, status: 400, json: { error: 7 } }],
    }, {
      path: "/bare",
      faults: [{ share: 1, status: 204 }],
    }],
  });
  const sent = performance.now();
  const response = await get(server, "/orders", {
    headers: { origin: "http://page.example" },
  });
  ok(performance.now() - sent >= 20, "never early");
  equal(response.status, 503);
  deepEqual(
    [
      "retry-after",
      "content-type",
      "perfmock-sequence",
      "access-control-allow-origin",
    ].map((name) => response.headers.get(name)),
    ["2", "application/problem+json", "0", "http://page.example"],
  );
  match(response.headers.get("server-timing") ?? "", /service;dur=2\d\./);
  deepEqual(await json(response), {
    type: "about:blank",
    status: 503,
    title: "This fault was injected",
  });
  const text = await get(server, "/text");
  equal(text.status, 429);
  equal(await text.text(), "slow down");
  const own = await get(server, "/json");
  deepEqual([own.status, await own.json()], [400, { error: 7 }]);
  equal(await status(server, "/bare"), 204);
  match(
    await metrics(server),
    /perfmock_faults_total\{route="orders",fault="503"\} 1\n/,
  );
  equal(server.stats().routes.orders.answered, 1);
});

Deno.test("a fault for the first two requests of each key ends with the third; a reset starts it again", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/pay",
      method: "POST",
      response: { status: 201 },
      faults: [{ first: 2, per: "header:Idempotency-Key", status: 503 }],
    }, { path: "/first", faults: [{ first: 1, status: 500 }] }],
  });
  const pay = (key: string) =>
    status(server, "/pay", {
      method: "POST",
      headers: { "idempotency-key": key },
    });
  const answers: number[] = [];
  for (const key of ["a", "b", "a", "a", "b", "b"]) {
    answers.push(await pay(key));
  }
  deepEqual(answers, [503, 503, 503, 201, 503, 201]);
  equal(await status(server, "/first"), 500);
  equal(await status(server, "/first"), 200);
  server.reset();
  equal(await pay("a"), 503);
  equal(await status(server, "/first"), 500);
});

Deno.test("adding a fault changes neither service times nor sequence numbers", async () => {
  const route = { id: "r", path: "/r", serviceTime: "exponential(mean=50ms)" };
  await using plain = await createPerfmock({ routes: [route] }, {
    listen: false,
  });
  await using faulty = await createPerfmock({
    routes: [{ ...route, faults: [{ share: 0.5, status: 500 }] }],
  }, { listen: false });
  for (let n = 0; n < 100; n++) {
    equal(faulty.draw("r", n), plain.draw("r", n));
  }
});

eachEngine.test("hang sends no byte, and occupies its place until the client leaves", async () => {
  let held = 0;
  const lease: Lease = { release: () => held-- };
  await using server = await createPerfmock({
    routes: [{ id: "h", path: "/h", faults: [{ share: 1, action: "hang" }] }],
  }, {
    plugins: [hooks("pool", {
      admit: () => {
        held++;
        return lease;
      },
    })],
  });
  const client = await raw(server, "/h");
  await until(() => server.inFlight === 1);
  match(
    await metrics(server),
    /perfmock_faults_total\{route="h",fault="hang"\} 1\n/,
  );
  deepEqual([held, server.inFlight], [1, 1]);
  client[Symbol.dispose]();
  await client.answer.catch(() => {});
  await until(() => server.inFlight === 0);
  equal(held, 0);
  const { gone, answered } = server.stats().routes.h;
  deepEqual([gone, answered], [1, 0]);
});

eachEngine.test("the end of the drain cuts a hang without a byte", async () => {
  const server = await createPerfmock({
    server: { drainTimeout: "50ms" },
    routes: [{ path: "/h", faults: [{ share: 1, action: "hang" }] }],
  });
  using client = await raw(server, "/h");
  await until(() => server.inFlight === 1);
  await server.drain();
  equal((await client.answer).text, "");
  equal(server.inFlight, 0);
});

/** Returns the bytes of a raw answer's body. */
function bodyOf({ text }: { readonly text: string }): string {
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

eachEngine.test("cut-body sends the headers and half of the bytes, then closes the connection", async () => {
  await using server = await createPerfmock({
    routes: [{
      id: "c",
      path: "/c",
      serviceTime: "20ms",
      response: { text: "x".repeat(1001) },
      faults: [{ share: 1, action: "cut-body" }],
    }],
  });
  const sent = performance.now();
  using client = await raw(server, "/c");
  const answer = await client.answer;
  ok(performance.now() - sent >= 20, "never early");
  match(answer.text, /^HTTP\/1\.1 200 OK\r\n/);
  match(answer.text, /\r\ncontent-length: 1001\r\n/i);
  match(answer.text, /\r\nperfmock-sequence: 0\r\n/i);
  equal(bodyOf(answer), "x".repeat(500));
  equal(answer.reset, false, "closed, not reset");
  match(
    await metrics(server),
    /perfmock_faults_total\{route="c",fault="cut-body"\} 1\n/,
  );
  equal(server.stats().routes.c.answered, 1);
});

eachEngine.test("cut-body does not change answers without a body", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/c",
      response: { text: "" },
      faults: [{ share: 1, action: "cut-body" }],
    }, {
      path: "/d",
      response: { text: "abc" },
      faults: [{ share: 1, action: "cut-body" }],
    }],
  });
  equal(await (await get(server, "/c")).text(), "");
  const head = await get(server, "/d", { method: "HEAD" });
  equal(head.status, 200);
});

Deno.test("within the process, a cut body is a stream that fails", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/c",
      response: { text: "1234" },
      faults: [{ share: 1, action: "cut-body" }],
    }],
  }, { listen: false });
  const response = await server.fetch(new Request(new URL("/c", server.url)));
  const reader = response.body?.getReader();
  equal(new TextDecoder().decode((await reader?.read())?.value), "12");
  equal(
    await reader?.read().catch((error) => error.message),
    "A fault cuts this body",
  );
});

eachEngine.test("connection-reset ends the connection before any byte, after the service time, with a reset", async () => {
  await using server = await createPerfmock({
    routes: [{
      id: "r",
      path: "/r",
      serviceTime: "20ms",
      faults: [{ first: 1, action: "connection-reset" }],
    }],
  });
  const sent = performance.now();
  using client = await raw(server, "/r");
  const answer = await client.answer;
  ok(performance.now() - sent >= 20, "never early");
  deepEqual(answer, { text: "", reset: true });
  equal(await status(server, "/r"), 200);
  const shown = await metrics(server);
  match(
    shown,
    /perfmock_faults_total\{route="r",fault="connection-reset"\} 1\n/,
  );
  ok(!shown.includes('http_response_status_code="0"'));
  const { arrivals, answered, gone } = server.stats().routes.r;
  deepEqual([arrivals, answered, gone], [2, 1, 0]);
});

Deno.test("within the process, a reset is a network error", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/r",
      faults: [{ share: 1, action: "connection-reset" }],
    }],
  }, { listen: false });
  const response = await server.fetch(new Request(new URL("/r", server.url)));
  equal(response.type, "error");
});

eachEngine.test("a plugin's rejection can reset the connection, or hang until the client leaves", async () => {
  await using server = await createPerfmock({
    routes: [{ id: "r", path: "/r" }],
  }, {
    plugins: [hooks("full", {
      resets: true,
      admit: (x) => ({
        reason: "full",
        status: 503,
        action: x.sequence === 0 ? "connection-reset" : "hang",
      }),
    })],
  });
  using first = await raw(server, "/r");
  deepEqual(await first.answer, { text: "", reset: true });
  const second = await raw(server, "/r");
  await until(() => server.inFlight === 1);
  second[Symbol.dispose]();
  await second.answer.catch(() => {});
  await until(() => server.inFlight === 0);
  const { rejected, gone } = server.stats().routes.r;
  deepEqual([rejected, gone], [1, 1]);
});

Deno.test("Deno's engine and connection-reset exclude each other", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      server: { engine: "deno" },
      routes: [{
        id: "r",
        path: "/r",
        faults: [{ share: 0.1, action: "connection-reset" }],
      }],
    })
  );
  deepEqual(lines(error), [
    '/server/engine: This engine cannot reset connections, as route "r" does → auto',
  ]);
});
