/** Tests that `draw` prints the service times of the server. */
import { deepEqual, equal, notDeepEqual, ok } from "node:assert/strict";
import { createTestServer } from "../../core/testing.ts";
import { createPerfmock, type PerfmockInput, type Plugin } from "../../mod.ts";
import { cli } from "../support/cli.ts";
import { eachEngine } from "../support/each_engine.ts";
import { get } from "../support/http.ts";
import { folderWith, plugin } from "../support/plugins.ts";

const CONFIG = {
  seed: 42,
  routes: [{
    id: "tail",
    path: "/tail",
    serviceTime: { lognormal: { median: "4ms", p99: "30ms" } },
    scale: 1.5,
  }, {
    id: "mixed",
    path: "/mixed",
    serviceTime: {
      bimodal: {
        fast: { gamma: { shape: 3, scale: "1ms" } },
        slow: { normal: { mean: "25ms", sd: "3ms" } },
        slowShare: 0.3,
      },
    },
  }, {
    id: "exact",
    path: "/exact",
    serviceTime: { exponential: { mean: "5ms" } },
    sampling: { scheme: "exact", block: 8 },
  }, {
    id: "keyed",
    path: "/keyed",
    serviceTime: { exponential: { mean: "5ms" } },
    sampling: { key: "header:X-Request-Id" },
  }],
};

/** Returns what `draw` prints for a configuration. */
async function draw(
  config: PerfmockInput,
  route: string,
  sequence: number,
  ...more: string[]
): Promise<number> {
  await using folder = await folderWith({ "c.json": JSON.stringify(config) });
  const { status, out, err } = await cli(
    "draw",
    "--config",
    `${folder.path}/c.json`,
    "--route",
    route,
    "--sequence",
    `${sequence}`,
    ...more,
  );
  deepEqual([status, err], [0, ""]);
  return Number(out);
}

/** Makes a plugin that records the exact target of every exchange. */
function note(targets: number[]): Plugin {
  return plugin("note", {
    route: () => ({ observe: ({ service }) => void targets.push(service) }),
  });
}

/** Returns the targets of a number of requests to a path, in virtual time. */
async function targetsOf(
  config: PerfmockInput,
  path: string,
  count: number,
): Promise<number[]> {
  const targets: number[] = [];
  await using test = await createTestServer(config, {
    plugins: [note(targets)],
  });
  for (let n = 0; n < count; n++) await test.request(path);
  return targets;
}

Deno.test("draw prints exactly the server's service time, for every family and scheme", async () => {
  for (const { id, path } of CONFIG.routes) {
    const targets = await targetsOf(CONFIG, path, 10);
    equal(new Set(targets).size, id === "exact" ? 8 : 10);
    for (const sequence of [0, 3, 9]) {
      equal(await draw(CONFIG, id, sequence), targets[sequence], id);
    }
  }
});

Deno.test("draw --key prints the service time of a request with that header, whatever its index", async () => {
  const targets: number[] = [];
  await using test = await createTestServer(CONFIG, {
    plugins: [note(targets)],
  });
  for (const id of ["a", "b", "a"]) {
    await test.request("/keyed", { headers: { "X-Request-Id": id } });
  }
  await test.request("/keyed");
  const [a, b, again, without] = targets;
  equal(again, a);
  equal(await draw(CONFIG, "keyed", 7, "--key", "a"), a);
  equal(await draw(CONFIG, "keyed", 0, "--key", "b"), b);
  equal(await draw(CONFIG, "keyed", 3), without);
});

Deno.test("A seed determines the sequence, on the command line as in the file", async () => {
  const sequence = (seed: number | string) =>
    targetsOf({ ...CONFIG, seed }, "/tail", 5);
  const first = await sequence(42);
  deepEqual(await sequence(42), first);
  deepEqual(await sequence("42"), first);
  const second = await sequence("other");
  notDeepEqual(second, first);
  equal(await draw(CONFIG, "tail", 4, "--seed", "other"), second[4]);
});

Deno.test("200 requests of a route with exact sampling have exactly its percentiles", async () => {
  const serviceTime = {
    percentiles: { p50: 120, p90: 300, p95: 450, p99: 800 },
  };
  const config = {
    routes: [{
      id: "r",
      path: "/r",
      serviceTime,
      sampling: { scheme: "exact" },
    }],
  };
  await using test = await createTestServer(config);
  const durations: number[] = [];
  for (let n = 0; n < 200; n++) {
    durations.push((await test.request("/r")).duration);
  }
  durations.sort((a, b) => a - b);
  for (const [p, wanted] of [[50, 120], [90, 300], [95, 450], [99, 800]]) {
    const read = durations[p * 2 - 1];
    ok(Math.abs(read - wanted) < 1e-6, `p${p}: ${read}`);
  }
  deepEqual(test.server.stats().plugins.distributions, {
    requestsLeftInBlock: { r: 0 },
  });
});

Deno.test("Every block of 200 requests with exact sampling has 20 slow ones if a tenth is slow", async () => {
  const config = {
    routes: [{
      id: "r",
      path: "/r",
      serviceTime: "bimodal(fast=4ms, slow=400ms, slowShare=0.1)",
      sampling: { scheme: "exact" },
    }],
  };
  const times = await targetsOf(config, "/r", 600);
  for (const block of [0, 200, 400]) {
    const slow = times.slice(block, block + 200).filter((ms) => ms === 400);
    equal(slow.length, 20);
  }
  equal(times.filter((ms) => ms === 4).length, 540);
});

eachEngine.test("Server-Timing's service is the time that draw prints, late by no more than the recorded lateness", async () => {
  await using server = await createPerfmock(CONFIG);
  for (const { id, path } of CONFIG.routes) {
    const lateness: number[] = [];
    for (let sequence = 0; sequence < 4; sequence++) {
      const response = await get(server, path);
      await response.body?.cancel();
      equal(response.headers.get("perfmock-sequence"), `${sequence}`);
      const [, service] = /service;dur=([\d.]+)/.exec(
        response.headers.get("server-timing") ?? "",
      ) ??
        [];
      lateness.push(Number(service) - await draw(CONFIG, id, sequence));
    }
    const { lateness: figures, early } = server.stats().routes[id];
    equal(early, 0);
    // The header has three decimals, the histogram a relative error of its own.
    ok(Math.min(...lateness) > -0.0006, `${id}: ${lateness}`);
    const most = (figures.max ?? NaN) * 1.02 + 0.001;
    ok(Math.max(...lateness) <= most, `${id}: ${lateness}, ${most}`);
  }
});
