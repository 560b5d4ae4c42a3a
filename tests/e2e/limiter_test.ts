// Runs on a calm machine, without the profiler: compares times with a simulation.
import { deepEqual, equal, ok } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import type { PoolReport } from "../../plugins/limiter/mod.ts";
import { LeanClient, prepareRequest } from "../bench/lean_client.ts";
import { eachEngine } from "../support/each_engine.ts";
import { call, json, rawRequest } from "../support/http.ts";
import { poissonArrivals, simulate } from "../support/simulation.ts";
import { until } from "../support/wait.ts";

/** Report of a server's first pool. */
async function pool(server: Perfmock): Promise<PoolReport> {
  const { pools } = await json<{ pools: PoolReport[] }>(
    call(server, "/_perfmock/limiter/pools"),
  );
  return pools[0];
}

/** A client on a socket of its own, and its answer. */
class Visitor {
  status = 0;
  endedAt = NaN;
  done = false;
  readonly #client: LeanClient;
  readonly #end: Promise<void>;

  constructor({ url }: Perfmock, path = "/") {
    const target = new URL(path, url);
    this.#client = new LeanClient({
      hostname: target.hostname,
      port: Number(target.port),
    });
    this.#end = this.#client.exchange(prepareRequest("GET", target)).then(
      ({ status, endedAt }) => {
        this.status = status;
        this.endedAt = endedAt;
      },
      () => {},
    ).finally(() => {
      this.done = true;
    });
  }

  /** Resolves at its answer, or when it leaves. */
  get end(): Promise<void> {
    return this.#end;
  }

  /** Closes its connection. */
  async leave(): Promise<void> {
    this.#client[Symbol.dispose]();
    await this.#end;
  }
}

function visitors(server: Perfmock, count: number, path?: string): Visitor[] {
  return Array.from({ length: count }, () => new Visitor(server, path));
}

async function leaveAll(all: readonly Visitor[]): Promise<void> {
  await Promise.all(all.map((visitor) => visitor.leave()));
}

eachEngine.test("of 2000 clients at once a pool of 10 with a queue of 100 admits 10, queues 100 and refuses 1890", async () => {
  await using server = await createPerfmock({
    plugins: { limiter: { pools: { db: { concurrency: 10, queue: 100 } } } },
    routes: [{ id: "r", path: "/", limiter: "db", serviceTime: "60s" }],
  });
  const all = visitors(server, 2000);
  const refused = () => all.filter(({ status }) => status === 503).length;
  await until(() => refused() === 1890);
  const { routes } = server.stats();
  deepEqual([routes.r.arrivals, routes.r.rejected], [2000, 1890]);
  const report = await pool(server);
  deepEqual(
    [report.busy, report.peakBusy, report.queued, report.rejected.queue_full],
    [10, 10, 100, 1890],
  );
  equal(all.filter(({ done }) => !done).length, 110);
  await leaveAll(all);
  await until(() => server.inFlight === 0);
  const after = await pool(server);
  deepEqual([after.busy, after.queued, after.peakBusy], [0, 0, 10]);
  equal(after.admitted + after.rejected.client_gone, 110);
});

eachEngine.test("clients that abort in the queue leave no trace: they hold neither a place nor a position in the queue", async () => {
  await using server = await createPerfmock({
    plugins: { limiter: { pools: { db: { concurrency: 10, queue: 100 } } } },
    routes: [
      { id: "slow", path: "/slow", limiter: "db", serviceTime: "60s" },
      { id: "fast", path: "/fast", limiter: "db", serviceTime: "1ms" },
    ],
  });
  const holders = visitors(server, 10, "/slow");
  await until(async () => (await pool(server)).busy === 10);
  const waiters = visitors(server, 100, "/slow");
  await until(async () => (await pool(server)).queued === 100);
  await leaveAll(waiters);
  await until(async () => (await pool(server)).queued === 0);
  const report = await pool(server);
  deepEqual(
    [report.busy, report.admitted, report.rejected.client_gone],
    [10, 10, 100],
  );
  const next = new Visitor(server, "/fast");
  await until(async () => (await pool(server)).queued === 1);
  await holders[0].leave();
  await next.end;
  await next.leave();
  equal(next.status, 200, "the first free place goes to the next request");
  await leaveAll(holders);
  await until(() => server.inFlight === 0);
  equal((await pool(server)).busy, 0);
});

eachEngine.test("the limit is never exceeded, as seen by client and server", async () => {
  const service = 25;
  await using server = await createPerfmock({
    plugins: {
      limiter: { pools: { db: { concurrency: 10, queue: "unbounded" } } },
    },
    routes: [{ path: "/", limiter: "db", serviceTime: service }],
  });
  const start = performance.now();
  const all = visitors(server, 300);
  await Promise.all(all.map(({ end }) => end));
  ok(all.every(({ status }) => status === 200));
  // Ten at once, 25 ms each: at any time at most ten answers per 25 ms since the first request.
  const ends = all.map(({ endedAt }) => endedAt).sort((a, b) => a - b);
  for (const [index, end] of ends.entries()) {
    const soonest = start + service * (1 + Math.floor(index / 10));
    ok(end >= soonest, `answer ${index} came ${soonest - end} ms too soon`);
  }
  const report = await pool(server);
  deepEqual([report.peakBusy, report.admitted], [10, 300]);
  await leaveAll(all);
});

eachEngine.test("connection-reset, of a full pool and after a wait that was too long, sends no byte, then a reset", async () => {
  const reset = { action: "connection-reset" };
  await using server = await createPerfmock({
    plugins: {
      limiter: {
        pools: {
          db: {
            concurrency: 1,
            queue: 1,
            queueTimeout: "30ms",
            onFull: reset,
            onTimeout: reset,
          },
        },
      },
    },
    routes: [{ path: "/", limiter: "db", serviceTime: "60s" }],
  });
  const holder = new Visitor(server);
  await until(async () => (await pool(server)).busy === 1);
  const request = ["GET / HTTP/1.1", "Host: localhost"];
  using waiting = await rawRequest(server.url, request);
  const answers = [waiting.answer];
  await until(async () => (await pool(server)).arrivals === 2);
  using late = await rawRequest(server.url, request);
  answers.push(late.answer);
  deepEqual(
    await Promise.all(answers),
    Array.from({ length: 2 }, () => ({ text: "", reset: true })),
  );
  const { rejected } = await pool(server);
  deepEqual([rejected.queue_full, rejected.queue_timeout], [1, 1]);
  await holder.leave();
});

eachEngine.test("a pool that grows under 400 clients admits as many at once, and loses none", async () => {
  await using server = await createPerfmock({
    plugins: { limiter: { pools: { db: { concurrency: 10, queue: 500 } } } },
    routes: [
      { id: "slow", path: "/slow", limiter: "db", serviceTime: "60s" },
      { id: "fast", path: "/fast", limiter: "db", serviceTime: "1ms" },
    ],
  });
  const change = async (change: unknown) => {
    const answer = await call(server, "/_perfmock/limiter/pools/db", {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(change),
    });
    equal(answer.status, 200);
    return await answer.json() as PoolReport;
  };
  const holders = visitors(server, 10, "/slow");
  await until(async () => (await pool(server)).busy === 10);
  const slow = visitors(server, 90, "/slow");
  await until(async () => (await pool(server)).queued === 90);
  const fast = visitors(server, 300, "/fast");
  await until(async () => (await pool(server)).queued === 390);
  const grown = await change({ concurrency: 60 });
  deepEqual([grown.busy, grown.queued], [60, 340]);
  const shrunk = await change({ concurrency: 5, discipline: "lifo" });
  deepEqual([shrunk.busy, shrunk.queued, shrunk.peakBusy], [60, 340, 60]);
  await leaveAll(holders);
  await until(async () => (await pool(server)).busy === 50);
  equal((await pool(server)).queued, 340, "it drains before it admits");
  await change({ concurrency: 51 });
  // One place, last come first served: the fast requests pass through it, the other 40 slow ones wait.
  await Promise.all(fast.map(({ end }) => end));
  ok(fast.every(({ status }) => status === 200));
  const { busy, queued, admitted, arrivals } = await pool(server);
  deepEqual([busy, queued, admitted, arrivals], [51, 39, 361, 400]);
  await leaveAll([...slow, ...fast]);
  await until(() => server.inFlight === 0);
  deepEqual(
    await pool(server).then(({ busy, queued }) => [busy, queued]),
    [0, 0],
  );
});

eachEngine.test("clients without a header are distinguished by their addresses, not by their connections", async () => {
  await using server = await createPerfmock({
    plugins: {
      limiter: {
        pools: { api: { rateLimit: { rate: "1/h", burst: 2, per: "client" } } },
      },
    },
    routes: [{ path: "/", limiter: "api" }],
  });
  const all: Visitor[] = [];
  for (let n = 0; n < 3; n++) {
    const [visitor] = visitors(server, 1);
    await visitor.end;
    all.push(visitor);
  }
  deepEqual(all.map(({ status }) => status), [200, 200, 429]);
  const { clients } = await json<{ clients: { client: string }[] }>(
    call(server, "/_perfmock/limiter/clients"),
  );
  deepEqual(clients.map(({ client }) => client), ["127.0.0.1"]);
  await leaveAll(all);
});

eachEngine.test("the same traffic over real sockets agrees with the simulation", async () => {
  const config = {
    seed: 9,
    plugins: { limiter: { pools: { db: { concurrency: 4, queue: 6 } } } },
    routes: [{
      id: "r",
      path: "/",
      limiter: "db",
      serviceTime: { exponential: { mean: "40ms" } },
    }],
  };
  const times: number[] = [];
  const simulated = { rejected: 0, queue: 0, served: 0 };
  await simulate({
    config,
    seed: 3,
    scenarios: { load: poissonArrivals({ rate: 110, requests: 440 }) },
    observe({ arrival, outcome, start, sequence }) {
      times[sequence] = arrival;
      if (outcome === "rejected") simulated.rejected++;
      else {
        simulated.served++;
        simulated.queue += start - arrival;
      }
    },
  });
  await using server = await createPerfmock(config);
  const start = performance.now();
  const real = { rejected: 0, queue: 0, served: 0 };
  await Promise.all(times.map(async (time) => {
    await new Promise((resolve) =>
      setTimeout(resolve, start + time - performance.now())
    );
    const response = await fetch(server.url);
    await response.body?.cancel();
    if (response.status === 503) real.rejected++;
    else {
      real.served++;
      const timing = response.headers.get("server-timing") ?? "";
      real.queue += Number(/queue;dur=([0-9.]+)/.exec(timing)?.[1]);
    }
  }));
  equal(real.rejected + real.served, times.length);
  const both = `simulated ${JSON.stringify(simulated)}, real ${
    JSON.stringify(real)
  }`;
  // The stated bounds: refusals differ by at most 5 % of the requests, mean waits by at most a fifth and 5 ms. Sockets and
  // timers shift arrivals by a millisecond or two, which turns some refusals into waits and back.
  ok(simulated.rejected > 0.1 * times.length, both);
  ok(
    Math.abs(real.rejected - simulated.rejected) <= 0.05 * times.length,
    both,
  );
  const wait = simulated.queue / simulated.served;
  ok(Math.abs(real.queue / real.served - wait) <= 0.2 * wait + 5, both);
});
