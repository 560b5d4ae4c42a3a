import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { parse } from "yaml";
import { createServer } from "../../core/app.ts";
import { createStream } from "../../core/lib/random/mod.ts";
import { VirtualClock } from "../../core/testing.ts";
import { createPerfmock, type PerfmockInput } from "../../mod.ts";
import {
  ksDistance,
  ksProbability,
  quantileWithInterval,
} from "../../plugins/importer/recording/drift/two_samples.ts";
import { readRecording } from "../../plugins/importer/recording/read_recording.ts";
import { compile, tools } from "../plugins/importer/_tools.ts";
import { folderWith } from "../support/plugins.ts";

/** Routes of an upstream, with known distributions. */
const ROUTES: Readonly<Record<string, unknown>> = {
  "/lognormal": { lognormal: { median: "12ms", p99: "80ms" } },
  "/gamma": { gamma: { shape: 3, scale: "40ms" } },
  "/bimodal": {
    mixture: [
      { weight: 0.7, of: { lognormal: { median: "6ms", p99: "9ms" } } },
      { weight: 0.3, of: { normal: { mean: "400ms", sd: "30ms" } } },
    ],
  },
};

/** Number of requests of each route. */
const COUNT = 400;

/** Share of errors. */
const ERRORS = 0.05;

/**
 * Records the upstream. Its service times pass on the recorder's virtual clock, so that what is recorded is what was drawn; sockets
 * and all else are real.
 */
async function record(file: string): Promise<void> {
  const clock = new VirtualClock();
  await using upstream = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    ({ url }) => {
      const { pathname, searchParams } = new URL(url);
      const sequence = Number(searchParams.get("n"));
      const stream = createStream([1, 2], pathname);
      clock.advance(
        tools.distribution(ROUTES[pathname]).draw(stream, sequence),
      );
      return sequence % Math.round(1 / ERRORS) === 0
        ? Response.json({ error: "busy" }, { status: 503 })
        : Response.json({ path: pathname });
    },
  );
  await using server = await createServer({}, { listen: false, clock });
  await using recording = await server.record({
    upstream: `http://127.0.0.1:${upstream.addr.port}`,
    file,
  });
  for (const path of Object.keys(ROUTES)) {
    for (let n = 0; n < COUNT; n++) {
      const url = new URL(`${path}?n=${n}`, recording.url);
      await (await fetch(url)).arrayBuffer();
    }
  }
}

Deno.test("A mock of a recording has the upstream's distributions, shares of errors and answers, also when the recorded traffic is replayed", async () => {
  await using folder = await folderWith({});
  const file = join(folder.path, "a.jsonl");
  await record(file);
  const measured = new Map<string, number[]>();
  await readRecording(file, {
    exchange: ({ target, status, wait }) => {
      if (status >= 400) return;
      const path = target.split("?")[0];
      measured.set(path, [...measured.get(path) ?? [], wait]);
    },
  });
  await using importer = await createServer({}, { listen: false });
  const imported = await importer.importer.import([file]);
  const mock = imported.mock().value as PerfmockInput;
  const script = imported.script() ?? "";
  await using server = await createPerfmock(mock, { listen: false });
  const { scenarios } = await server.simulate(parse(script));
  equal(scenarios.recorded.dropped, 0);
  const { routes } = server.config;
  deepEqual(routes.map(({ path }) => path).sort(), Object.keys(ROUTES).sort());
  for (const { path, id, faults } of routes) {
    const recorded = Float64Array.from(measured.get(path) ?? []).sort();
    equal(recorded.length, COUNT * (1 - ERRORS));
    // The recording has the known distribution: the clock was the upstream's.
    const known = compile(ROUTES[path]);
    const exact = Float64Array.from(
      { length: 100_000 },
      (_, i) => known.quantile((i + 0.5) / 100_000),
    );
    const distance = ksDistance(recorded, exact);
    ok(ksProbability(distance, recorded.length, exact.length) > 0.01, path);
    // And so has the mock.
    const drawn = Float64Array.from(
      { length: 5000 },
      (_, sequence) => server.draw(id, sequence),
    ).sort();
    const replayed = ksDistance(recorded, drawn);
    ok(
      ksProbability(replayed, recorded.length, drawn.length) > 0.01,
      `${path}: ${replayed}`,
    );
    for (const probability of [0.5, 0.99]) {
      const { low, high } = quantileWithInterval(recorded, probability, 0.05);
      const { value } = quantileWithInterval(drawn, probability, 0.05);
      ok(
        value > 0.95 * (low ?? 0) && value < 1.05 * (high ?? Infinity),
        `${path}: ${low} … ${high}, ${value}`,
      );
    }
    equal(faults[0].share, ERRORS);
    deepEqual([faults[0].status, faults[0].json], [503, { error: "busy" }]);
  }
});
