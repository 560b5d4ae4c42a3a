import { deepEqual, equal } from "node:assert/strict";
import { createTestServer } from "../../../core/testing.ts";
import type { PoolReport } from "../../../plugins/limiter/mod.ts";
import { call, json, post } from "../../support/http.ts";

Deno.test("each session has pools of its own, whose changes affect no other", async () => {
  await using test = await createTestServer({
    plugins: { limiter: { pools: { db: { concurrency: 1, queue: 1 } } } },
    routes: [{ path: "/r", limiter: "db", serviceTime: "100ms" }],
  });
  const { server, clock } = test;
  for (const name of ["a", "b"]) {
    equal((await call(server, "/_perfmock/sessions", post({ name }))).ok, true);
  }
  const at = (session: string, path: string) =>
    `http://${session}localhost${path}`;
  const send = (session: string) =>
    server.fetch(new Request(at(session, "/r")));
  const figures = async (session: string) => {
    const answer = server.fetch(
      new Request(at(session, "/_perfmock/limiter/pools")),
    );
    const { pools: [{ concurrency, busy, queued }] } = await json<
      { pools: PoolReport[] }
    >(answer);
    return [concurrency, busy, queued];
  };
  const pending = [send("a."), send("a."), send("b.")];
  const change = await server.fetch(
    new Request(at("a.", "/_perfmock/limiter/pools/db"), {
      ...post({ concurrency: 2 }),
      method: "PATCH",
    }),
  );
  equal(change.status, 200);
  deepEqual(
    [await figures("a."), await figures("b."), await figures("")],
    [[2, 2, 0], [1, 1, 0], [1, 0, 0]],
  );
  clock.advance(100);
  deepEqual(
    await Promise.all(pending.map(async (answer) => (await answer).status)),
    [200, 200, 200],
  );
});

Deno.test("the end of a session ends its phantoms", async () => {
  const background = { rate: "100/s", serviceTime: "1h" };
  await using test = await createTestServer({
    plugins: { limiter: { pools: { db: { concurrency: 5, background } } } },
    routes: [{ path: "/r", limiter: "db" }],
  });
  const { server, clock } = test;
  const before = clock.pending;
  equal(
    (await call(server, "/_perfmock/sessions", post({ name: "a" }))).ok,
    true,
  );
  clock.advance(1000);
  const both = clock.pending;
  const ended = await call(server, "/_perfmock/sessions/a", {
    method: "DELETE",
  });
  equal(ended.status, 204);
  // Five phantoms in service and one due: in both servers until then, beside the session's own time-out; in one now.
  deepEqual([before, both, clock.pending], [1, 13, 6]);
});
