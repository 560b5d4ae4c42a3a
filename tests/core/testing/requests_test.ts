import { equal, throws } from "node:assert/strict";
import { AssertionError } from "node:assert";
import { assertNoUnexpected, createTestServer } from "../../../core/testing.ts";

/** Sends requests to a server of two routes. */
async function asked(...requests: readonly string[]) {
  const test = await createTestServer({
    routes: [
      { path: "/orders", method: ["GET", "POST"] },
      { path: "/cart/:id" },
    ],
  });
  for (const request of requests) {
    const [method, path] = request.split(" ");
    const { response } = await test.request(path, { method });
    await response.body?.cancel();
  }
  return test;
}

function messageOf(run: () => void): string {
  let message = "";
  throws(run, (error: Error) => {
    equal(error instanceof AssertionError, true, `${error}`);
    message = error.message;
    return true;
  });
  return message;
}

Deno.test("assertNoUnexpected() accepts requests of routes, of the control API, and those that browsers send by themselves", async () => {
  await using test = await asked(
    "GET /orders",
    "GET /cart/1",
    "GET /_perfmock/stats",
    "GET /favicon.ico",
    "GET /.well-known/appspecific/com.chrome.devtools.json",
  );
  assertNoUnexpected(test.server);
});

Deno.test("assertNoUnexpected() lists requests that matched no route, with their number, and the routes there are", async () => {
  await using test = await asked(
    "GET /order?id=1",
    "GET /order?id=2",
    "DELETE /orders",
    "GET /orders",
  );
  equal(
    messageOf(() => assertNoUnexpected(test.server)),
    "3 requests matched no route\n  GET /order (2 times)\n  DELETE /orders\nThe routes are GET|POST /orders, GET /cart/:id",
  );
  test.server.reset();
  assertNoUnexpected(test.server);
});

Deno.test("assertNoUnexpected() counts requests beyond those that are listed", async () => {
  await using test = await asked(
    ...Array.from({ length: 25 }, (_, n) => `GET /n${n}`),
  );
  const lines = messageOf(() => assertNoUnexpected(test.server)).split("\n");
  equal(lines[0], "25 requests matched no route");
  equal(lines.length, 23);
  equal(lines[21], "  and 5 more");
});

Deno.test("assertNoUnexpected() excepts paths, with * for any text, and with a method", async () => {
  await using test = await asked("GET /a.b/c", "POST /a.b/c", "GET /axb/c");
  assertNoUnexpected(test.server, { except: ["/a.b/*", "GET /axb/c"] });
  equal(
    messageOf(() =>
      assertNoUnexpected(test.server, { except: ["GET /a.b/*"] })
    ),
    "2 requests matched no route\n  POST /a.b/c\n  GET /axb/c\nThe routes are GET|POST /orders, GET /cart/:id",
  );
});

Deno.test("assertNoUnexpected() of a server without routes says so", async () => {
  await using test = await createTestServer();
  await (await test.request("/x")).response.body?.cancel();
  equal(
    messageOf(() => assertNoUnexpected(test.server)),
    "1 request matched no route\n  GET /x\nThe routes are none",
  );
});
