import { deepEqual, equal, ok } from "node:assert/strict";
import type { ServerRequest } from "../../../core/http1/server_request.ts";
import { lines, prepared, type Receive, serve } from "./_http_server.ts";
import { post, RawClient, request } from "./_raw_client.ts";
import { until } from "../../support/wait.ts";

Deno.test("ServerRequest tells headers until it is answered, and never those of another request", async () => {
  const kept: ServerRequest[] = [];
  const later = Promise.withResolvers<void>();
  await using serving = await serve(async (incoming) => {
    kept.push(incoming);
    if (incoming.url.endsWith("/later")) await later.promise;
    incoming.send(prepared(incoming.header("x-name") ?? "none"), lines(""));
  });
  using client = await RawClient.connect(serving.port);
  const named = ["x-name: one", "X-Name: two"];
  await client.send(request("/a?b", { headers: named }));
  equal((await client.response()).body, "one, two");
  await client.send(request("/later", { headers: named }));
  await until(() => kept.length === 2);
  using other = await RawClient.connect(serving.port);
  await other.send(request("/other", { headers: ["x-name: other"] }));
  equal((await other.response()).body, "other");
  const [first, second] = kept;
  equal(first.header("x-name"), null);
  equal(first.request.headers.get("x-name"), null);
  equal(second.header("x-name"), "one, two");
  equal(second.header("absent"), null);
  later.resolve();
  equal((await client.response()).body, "one, two");
  deepEqual(
    [first.method, first.url, first.client],
    ["GET", "http://localhost/a?b", "127.0.0.1"],
  );
});

Deno.test("ServerRequest is made a Request once, with method, headers and body", async () => {
  const seen: unknown[] = [];
  await using serving = await serve(async (incoming) => {
    const { request } = incoming;
    ok(incoming.request === request);
    seen.push(request.method, request.headers.get("x-a"), request.url);
    return new Response(await request.text());
  });
  using client = await RawClient.connect(serving.port);
  await client.send(post("body", "/p", ["x-a: 1", "x-a: 2"]));
  equal((await client.response()).body, "body");
  deepEqual(seen, ["POST", "1, 2", "http://localhost/p"]);
});

Deno.test("ServerRequest tells of a client that left before, once, by listener and by signal", async () => {
  let taken: ServerRequest | undefined;
  let left = 0;
  const receive: Receive = (incoming) => {
    taken = incoming;
    incoming.onLeave({ left: () => void left++ });
  };
  await using serving = await serve(receive);
  using client = await RawClient.connect(serving.port);
  await client.send(request());
  await until(() => taken !== undefined);
  client.close();
  await until(() => serving.server.size === 0);
  ok(taken !== undefined);
  equal(left, 1);
  taken.left();
  equal(left, 1);
  taken.onLeave({ left: () => void left++ });
  equal(left, 2);
  equal(taken.request.signal.aborted, true);
  equal(taken.request.body, null);
  // Answers go nowhere.
  taken.send(prepared("x"), lines(""));
  taken.respond(new Response("y"));
  taken.respond(Promise.resolve(new Response("z")));
  taken.reset();
  await Promise.resolve();
  deepEqual(serving.failures, []);
});
