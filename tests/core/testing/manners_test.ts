import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { AssertionError } from "node:assert";
import {
  assertMannered,
  createTestServer,
  type Manners,
  refusedClients,
  type TestServer,
} from "../../../core/testing.ts";
import { errorOf } from "../../support/errors.ts";

const CONFIG = {
  plugins: { limiter: { client: "header:X-Client" } },
  routes: [
    {
      path: "/told/:n",
      limiter: { rateLimit: { rate: "6/m", burst: 1, status: 429 } },
    },
    {
      path: "/untold/:n",
      faults: [{ share: 1, status: 503 }],
    },
    {
      path: "/full/:n",
      limiter: { concurrency: 1, queue: 0, onFull: { status: 503 } },
      serviceTime: "1h",
    },
  ],
};

/** Sends a request of a client at a time of the server's clock. */
async function send(
  test: TestServer,
  client: string,
  at: number,
  path: string,
): Promise<number> {
  test.clock.advanceTo(at);
  const { response } = await test.request(path, {
    headers: { "x-client": client },
  });
  await response.body?.cancel();
  return response.status;
}

/** Occupies the only place of the pool for an hour; the request is cut at the end. */
function occupy({ server }: TestServer): void {
  Promise.resolve(server.fetch(new Request(new URL("/full/x", server.url))))
    .then((response) => response.body?.cancel(), () => {});
}

async function messageOf(
  test: TestServer,
  manners?: Manners,
): Promise<string> {
  let message = "";
  await rejects(assertMannered(test.server, manners), (error: Error) => {
    ok(error instanceof AssertionError, `${error}`);
    message = error.message;
    return true;
  });
  return message;
}

Deno.test("assertMannered() accepts a client that waits as long as it is told, and returns its figures", async () => {
  await using test = await createTestServer(CONFIG);
  equal(await send(test, "a", 0, "/told/1"), 200);
  equal(await send(test, "a", 0, "/told/2"), 429);
  equal(await send(test, "a", 10_500, "/told/2"), 200);
  const [client] = await assertMannered(test.server, { retries: true });
  deepEqual(
    [client.client, client.refused, client.retries, client.early],
    ["a", 1, 1, 0],
  );
});

Deno.test("assertMannered() names every lapse of a client that comes back too early and too often", async () => {
  await using test = await createTestServer(CONFIG);
  await send(test, "a", 0, "/told/0");
  for (let i = 0; i < 8; i++) await send(test, "a", 100 * i, "/told/1");
  const message = await messageOf(test);
  match(message, /^Client "a", refused 8 times:$/m);
  match(
    message,
    /^ {2}7 of 7 retries came before Retry-After allowed, 100 %; allowed are 5 %$/m,
  );
  match(
    message,
    /^ {2}it sent \d\.\d\d requests for each one intended; allowed are 2$/m,
  );
  match(message, /^ {2}perfmock's verdict: Comes back too early/m);
  await assertMannered(test.server, { early: null, amplification: null });
});

Deno.test("assertMannered() asks for growing and spread distances where the server names no time", async () => {
  await using test = await createTestServer(CONFIG);
  occupy(test);
  const at = (client: string, times: readonly number[]) =>
    times.map((time) => [time, client] as const);
  const constant = [0, 500, 1000, 1500, 2000];
  const growing = [0, 400, 1300, 3600, 9000];
  const sends = [
    ...at("hasty", constant),
    ...at("patient", growing),
  ].sort(([a], [b]) => a - b);
  for (const [time, client] of sends) {
    equal(await send(test, client, time, "/full/1"), 503);
  }
  const message = await messageOf(test, { amplification: null });
  match(
    message,
    /^Client "hasty", refused 5 times:\n {2}its retries are 1\.00 times as far apart as those before, 500 ms on average; expected are 1\.2 times$/m,
  );
  ok(!message.includes('"patient"'), message);
  await assertMannered(test.server, { amplification: null, backoff: null });
  await assertMannered(test.server, { amplification: null, client: "patient" });
});

Deno.test("assertMannered() asks for a spread among clients that retry together", async () => {
  await using test = await createTestServer(CONFIG);
  occupy(test);
  for (let i = 0; i < 6; i++) {
    await send(test, "robot", 10_000 * i, `/full/${i}`);
    await send(test, "robot", 10_000 * i + 1000, `/full/${i}`);
  }
  match(
    await messageOf(test),
    /^ {2}its retries spread by 0 %; expected are 5 %, so that clients refused together do not come back together$/m,
  );
  await assertMannered(test.server, { jitter: null });
});

Deno.test("assertMannered() with `retries` asks that a client comes again, and surely", async () => {
  await using test = await createTestServer(CONFIG);
  await send(test, "a", 0, "/told/0");
  await send(test, "a", 0, "/told/1");
  await assertMannered(test.server);
  match(
    await messageOf(test, { retries: true }),
    /^Client "a", refused once:\n {2}it never came again$/m,
  );
  await using posts = await createTestServer({
    routes: [{ ...CONFIG.routes[2], method: "POST" }],
  });
  const first = new Request(new URL("/full/x", posts.server.url), {
    method: "POST",
    body: "x",
  });
  Promise.resolve(posts.server.fetch(first)).catch(() => {});
  for (let i = 0; i < 2; i++) {
    const { response } = await posts.request("/full/1", {
      method: "POST",
      body: "{}",
    });
    await response.body?.cancel();
  }
  match(
    await messageOf(posts, { retries: true }),
    /no request was surely a retry: 1 may be, since bodies are not compared/,
  );
});

Deno.test("assertMannered() fails where no client was refused often enough to show its manners", async () => {
  await using test = await createTestServer(CONFIG);
  equal(
    await messageOf(test),
    "No manners can be judged: no client was refused once or more; refused were none",
  );
  await send(test, "a", 0, "/told/0");
  await send(test, "a", 0, "/told/1");
  equal(
    await messageOf(test, { refusals: 3 }),
    'No manners can be judged: no client was refused 3 times or more; refused were "a" (once)',
  );
  equal(
    await messageOf(test, { client: "b" }),
    'No manners can be judged: the client "b" was not refused once or more; refused were "a" (once)',
  );
});

Deno.test("assertMannered() called wrongly, or without the limiter, is an error", async () => {
  await using test = await createTestServer({ plugins: { limiter: false } });
  const off = await errorOf(() => refusedClients(test.server));
  equal(off.code, "ARGUMENT_INVALID");
  match(off.message, /The plugin limiter is off/);
  await using on = await createTestServer();
  const wrong = await errorOf(() =>
    assertMannered(on.server, { early: -1, backoff: NaN })
  );
  deepEqual(wrong.issues.map(({ path }) => path), [
    "manners.early",
    "manners.backoff",
  ]);
});

Deno.test("refusedClients() passes the token of the control API", async () => {
  await using test = await createTestServer({ control: { token: "secret-1" } });
  deepEqual(await refusedClients(test.server), []);
});
