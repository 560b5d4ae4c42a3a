import { equal, ok } from "node:assert/strict";
import { parse } from "yaml";
import type { Exchange } from "../../core/load.ts";
import { nextTurn } from "../../core/lib/turn.ts";
import { createTestServer } from "../../core/testing.ts";
import { cli } from "../support/cli.ts";
import { simulate } from "../support/simulation.ts";
import { temporaryFolder } from "./_packages.ts";
import { RealPrometheus } from "./_prometheus.ts";
import { required, run, until } from "./_software.ts";

/** Median of the response times in each minute, in ms: an incident that begins and ends within some minutes. */
const MEDIANS = [60, 60, 80, 120, 180, 200, 170, 120, 85, 65, 60, 60];

/** Arrivals per second in each minute: clients try again. */
const RATES = [200, 200, 210, 250, 300, 320, 300, 260, 220, 200, 200, 200];

/** Ratio of the 99th percentile to the median. */
const SPREAD = 3.2;

/** Time between two scrapes, in s, as in most configurations. */
const SCRAPE = 15;

const FAMILY = "http_server_request_duration_seconds";

/** Figures of each minute. */
interface Minute {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
}

/** Groups durations by the minute in which they end. */
function byMinute(
  ended: readonly { readonly at: number; readonly duration: number }[],
): Minute[] {
  return MEDIANS.map((_, minute) => {
    const durations = Float64Array.from(
      ended.filter(({ at }) => Math.floor(at / 60_000) === minute),
      ({ duration }) => duration,
    ).sort();
    const at = (share: number) =>
      durations[Math.ceil(share * durations.length) - 1];
    return { count: durations.length, p50: at(0.5), p99: at(0.99) };
  });
}

/** Runs the incident in virtual time; returns each request, and the samples of the histogram as scrapes find them. */
async function recorded(begin: number): Promise<{
  readonly minutes: readonly Minute[];
  readonly samples: string;
}> {
  const ended: { at: number; duration: number }[] = [];
  await using test = await createTestServer({
    seed: 17,
    routes: [{ id: "orders", path: "/api/orders/:id" }],
  }, {
    plugins: [{
      name: "observer",
      version: "1.0.0",
      setup: () => ({
        route: () => ({
          observe: ({ arrival, end }: Exchange) =>
            void ended.push({ at: end, duration: end - arrival }),
        }),
      }),
    }],
  });
  const { server, clock } = test;
  const samples: string[] = [];
  const send = async (path: string, init?: RequestInit) => {
    const response = await server.fetch(
      new Request(new URL(path, server.url), init),
    );
    const text = await response.text();
    equal(response.status, 200, text);
    return text;
  };
  const scrape = async () => {
    const at = begin + clock.now() / 1000;
    const text = await send("/metrics");
    for (const line of text.split("\n")) {
      const [, sample] = /^([^#]+?)(?: # .*)?$/.exec(line) ?? [];
      if (sample?.startsWith(`${FAMILY}_bucket{`)) {
        samples.push(`${sample} ${at}`);
      }
    }
  };
  // A counter that begins between two scrapes has no growth in the first step.
  const first = send("/api/orders/1");
  await nextTurn();
  clock.advance(0);
  await first;
  const pending: Promise<unknown>[] = [];
  for (let minute = 0; minute < MEDIANS.length; minute++) {
    const median = MEDIANS[minute];
    await send("/_perfmock/routes/orders", {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        id: "orders",
        path: "/api/orders/:id",
        serviceTime: {
          lognormal: { median: `${median}ms`, p99: `${SPREAD * median}ms` },
        },
      }),
    });
    const rate = RATES[minute];
    for (let sent = 0; sent < 60 * rate; sent++) {
      if (sent % (SCRAPE * rate) === 0) await scrape();
      pending.push(send("/api/orders/1"));
      await nextTurn();
      clock.advance(1000 / rate);
    }
  }
  await nextTurn();
  await scrape();
  clock.advance(60_000);
  await Promise.all(pending);
  return {
    minutes: byMinute(ended),
    samples: `# TYPE ${FAMILY} histogram\n${samples.join("\n")}\n# EOF\n`,
  };
}

function near(found: number, wanted: number, what: string): void {
  ok(Math.abs(found / wanted - 1) < 0.05, `${what}: ${found} of ${wanted}`);
}

Deno.test({
  name:
    "an incident of twelve minutes has the rate, median and 99th percentile of each minute when it is imported from Prometheus and replayed",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    const begin = Math.floor(Date.now() / 60_000 - 60) * 60;
    const { minutes, samples } = await recorded(begin);
    await Deno.writeTextFile(`${folder.path}/samples.txt`, samples);
    // A real run would take twelve minutes: promtool stores the samples with their times instead.
    const stored = await run("promtool", [
      "tsdb",
      "create-blocks-from",
      "openmetrics",
      `${folder.path}/samples.txt`,
      `${folder.path}/data`,
    ], "");
    equal(stored.code, 0, stored.output);
    await using prometheus = await RealPrometheus.startOn(
      `${folder.path}/data`,
    );
    const data = await until(() =>
      prometheus.ask("query_range", {
        query: `${FAMILY}_bucket`,
        start: `${begin}`,
        end: `${begin + 60 * MEDIANS.length}`,
        step: "60",
      })
    );
    const [range, mock, script] = ["range.json", "mock.yaml", "load.yaml"]
      .map((name) => `${folder.path}/${name}`);
    await Deno.writeTextFile(
      range,
      JSON.stringify({ status: "success", data }),
    );
    const imported = await cli(
      "import",
      range,
      "--out",
      mock,
      "--script",
      script,
    );
    equal(imported.status, 0, imported.err);
    const replayed: { at: number; duration: number }[] = [];
    let begun: number | undefined;
    await simulate({
      config: { seed: 23, ...parse(await Deno.readTextFile(mock)) },
      scenarios: parse(await Deno.readTextFile(script)).scenarios,
      observe: ({ arrival, end }) => {
        begun ??= arrival;
        replayed.push({ at: end - begun, duration: end - arrival });
      },
    });
    byMinute(replayed).forEach((found, minute) => {
      const wanted = minutes[minute];
      for (const figure of ["count", "p50", "p99"] as const) {
        near(found[figure], wanted[figure], `${figure} of minute ${minute}`);
      }
    });
  },
});
