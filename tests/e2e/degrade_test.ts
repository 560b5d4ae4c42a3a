// Runs alone, without the profiler: measures time.
/** Each degradation model, in answers over a socket. */
import { equal, match, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../core/app.ts";
import { eachEngine } from "../support/each_engine.ts";
import { get, rawRequest } from "../support/http.ts";

/** Times in the Server-Timing header of an answer, in ms. */
interface Timing {
  readonly service: number;
  readonly degrade: number;
  readonly total: number;
}

async function timing(server: Perfmock, path: string): Promise<Timing> {
  const response = await get(server, path);
  await response.body?.cancel();
  equal(response.status, 200);
  const header = response.headers.get("server-timing") ?? "";
  const part = (name: string) =>
    Number(new RegExp(`${name};dur=([0-9.]+)`).exec(header)?.[1]);
  return {
    service: part("service"),
    degrade: part("degrade"),
    total: part("total"),
  };
}

function serve(
  degrade: object,
  more: object = {},
): Promise<Perfmock> {
  return createPerfmock({
    routes: [{ id: "r", path: "/", serviceTime: "20ms", degrade, ...more }],
  });
}

/** Checks that an answer is never early, and late by at most 100 ms. */
function takes({ degrade, total }: Timing, degradation: number): void {
  ok(
    Math.abs(degrade - degradation) < 0.01 && total >= 20 + degradation &&
      total < 20 + degradation + 100,
    `degrade ${degrade} is not ${degradation}, or total ${total}`,
  );
}

eachEngine.test("processor-sharing: concurrent requests share the core", async () => {
  await using server = await serve({ model: "processor-sharing" });
  const seen = await Promise.all(
    Array.from({ length: 4 }, () => timing(server, "/")),
  );
  const degradations = seen.map(({ degrade }) => Math.round(degrade));
  equal(degradations.toSorted((a, b) => a - b).join(), "0,20,40,60");
});

eachEngine.test("erlang-c: requests wait for a core", async () => {
  await using server = await serve({
    model: "erlang-c",
    servers: 4,
    input: 0.75,
  });
  takes(await timing(server, "/"), 20 * 0.50943396);
});

eachEngine.test("usl: requests wait for each other", async () => {
  await using server = await serve({ model: "usl", input: 31 });
  takes(await timing(server, "/"), 20 * 2.43);
});

eachEngine.test("gc-pause: requests in service and the one that fills the heap are delayed", async () => {
  await using server = await serve({
    model: "gc-pause",
    perRequest: "1MiB",
    heap: "2MiB",
    pause: "60ms",
  }, { serviceTime: "200ms" });
  const [first, second] = await Promise.all([
    timing(server, "/"),
    timing(server, "/"),
  ]);
  for (const { degrade, total } of [first, second]) {
    ok(degrade >= 60 && degrade < 90, `${degrade}`);
    ok(total >= 260, `${total}`);
  }
});

eachEngine.test("leak: answers become slower, then a connection is reset, then a cold start follows", async () => {
  await using server = await serve({
    model: "leak",
    perRequest: "1MiB",
    limit: "2MiB",
    overhead: 1,
    failures: { share: 0 },
    exhaustion: {
      action: "crash",
      at: 1,
      restart: 0,
      coldStart: { factor: 3, over: "1h" },
    },
  });
  takes(await timing(server, "/"), 0);
  takes(await timing(server, "/"), 20);
  using connection = await rawRequest(new URL(server.url), [
    "GET / HTTP/1.1",
    "Host: localhost",
  ]);
  const { text, reset } = await connection.answer;
  equal(text, "");
  equal(reset, true);
  const restarted = server.stats().plugins.degrade as {
    readonly backends: { readonly "": { readonly crashes: number } };
  };
  equal(restarted.backends[""].crashes, 1);
  const { degrade } = await timing(server, "/");
  ok(degrade > 39.9 && degrade <= 40, `${degrade}`);
});

eachEngine.test("brown-out: a step delays answers; exhaustion answers with a status and Retry-After", async () => {
  await using server = await createPerfmock({
    routes: [{
      path: "/",
      serviceTime: "20ms",
      degrade: {
        model: "brown-out",
        input: 0.8,
        steps: [{ at: 0.7, factor: 2, delay: "5ms" }],
      },
    }, {
      id: "full",
      path: "/full",
      degrade: {
        model: "none",
        input: 1,
        exhaustion: { action: "refuse", status: 507, retryAfter: "3s" },
      },
    }],
  });
  takes(await timing(server, "/"), 25);
  const response = await get(server, "/full");
  equal(response.status, 507);
  equal(response.headers.get("retry-after"), "3");
  match(await response.text(), /exhausted|507/);
  const metrics = await (await get(server, "/metrics")).text();
  match(metrics, /perfmock_faults_total\{route="full",fault="exhausted"\} 1\n/);
});

eachEngine.test("real stress drives a model: held memory reads as stress until it is released", async () => {
  await using server = await createPerfmock({
    plugins: { resource_stress: { maxMemory: 0.5 } },
    routes: [{
      path: "/",
      serviceTime: "20ms",
      degrade: {
        model: "brown-out",
        input: "stress:memory",
        steps: [{ at: 1e-6, until: 1e-9, delay: "30ms" }],
      },
    }],
  });
  takes(await timing(server, "/"), 0);
  const url = new URL("/_perfmock/resource_stress/scenarios", server.url);
  const started = await fetch(url, {
    method: "POST",
    body: JSON.stringify({ memory: { size: "16MiB" }, duration: "60s" }),
  });
  equal(started.status, 201, await started.text());
  const until = async (degradation: number) => {
    for (let i = 0; i < 200; i++) {
      const { degrade } = await timing(server, "/");
      if (Math.abs(degrade - degradation) < 0.01) return;
    }
    throw new Error(`Degradation never became ${degradation}`);
  };
  await until(30);
  const ended = await fetch(url, { method: "DELETE" });
  await ended.body?.cancel();
  await until(0);
});
