import { deepEqual, match } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import type { ClientReport } from "../../plugins/limiter/mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { call, get, json } from "../support/http.ts";
import { until } from "../support/wait.ts";

eachEngine.test("a retry is the same request of the same client: method, path, query, Idempotency-Key and digest", async () => {
  await using server = await createPerfmock({
    plugins: {
      limiter: {
        client: "header:X-Client",
        pools: { db: { concurrency: 1, onFull: { retryAfter: "1m" } } },
      },
    },
    routes: [{
      path: "/:name",
      method: "*",
      limiter: "db",
      serviceTime: "1h",
      response: { text: "" },
    }],
  });
  const leaving = new AbortController();
  const held = get(server, "/held", { signal: leaving.signal }).catch(() => {});
  await until(() => server.inFlight === 1);
  const send = async (client: string, target: string, more: {
    readonly body?: string;
    readonly headers?: Record<string, string>;
  } = {}) => {
    const [method, path] = target.split(" ");
    const headers = { "x-client": client, ...more.headers };
    const response = await get(server, path, { method, ...more, headers });
    await response.body?.cancel();
  };
  const keyed = (key: string) => ({
    body: "{}",
    headers: { "idempotency-key": key },
  });
  const hashed = (hash: string) => ({
    body: "{}",
    headers: { "content-digest": `sha-256=:${hash}:` },
  });
  const different = [
    ["GET /a"],
    ["GET /b"],
    ["GET /a?n=1"],
    ["DELETE /a"],
    ["POST /a", keyed("1")],
    ["POST /a", keyed("2")],
    ["PUT /a", hashed("x")],
    ["PUT /a", hashed("y")],
  ] as const;
  for (const [target, more] of different) await send("new", target, more);
  for (const [target, more] of different) {
    await send("hasty", target, more);
    await send("hasty", target, more);
  }
  await send("poster", "POST /a", { body: "{}" });
  await send("poster", "POST /a", { body: "[]" });
  await send("poster", "POST /a", { body: "longer" });
  const { clients } = await json<{ clients: ClientReport[] }>(
    call(server, "/_perfmock/limiter/clients"),
  );
  const of = (name: string) => {
    const { refused, retries, uncertain, early, verdict } =
      clients.find(({ client }) => client === name) ?? ({} as ClientReport);
    return { figures: [refused, retries, uncertain, early], verdict };
  };
  deepEqual(of("new"), {
    figures: [8, 0, 0, 0],
    verdict: "Was refused 8 times and never retried",
  });
  deepEqual(of("hasty").figures, [16, 8, 0, 8]);
  match(of("hasty").verdict, /^Comes back too early: 8 of 8/);
  deepEqual(of("poster").figures, [3, 0, 1, 0]);
  match(of("poster").verdict, /^Cannot tell whether one request was a retry/);
  leaving.abort();
  await held;
});
