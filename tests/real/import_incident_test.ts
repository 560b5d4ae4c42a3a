import { equal, ok } from "node:assert/strict";
import { parse } from "yaml";
import { createPerfmock } from "../../mod.ts";
import { cli } from "../support/cli.ts";
import { temporaryFolder } from "./_packages.ts";
import { RealPrometheus } from "./_prometheus.ts";
import { required } from "./_software.ts";

/** Response times before and during the incident: median and 99th percentile, in ms. */
const CALM = [60, 190] as const;
const SLOW = [180, 700] as const;

/** Duration of each of the two, in s. */
const DURATION = 12;

/** Arrivals per second. */
const RATE = 800;

/** Step of the range query, in s. */
const STEP = 3;

function lognormal([median, p99]: readonly [number, number]) {
  return { lognormal: { median: `${median}ms`, p99: `${p99}ms` } };
}

/** The route, drawn in blocks that have its percentiles exactly. */
const ROUTE = (times: readonly [number, number]) => ({
  id: "orders",
  path: "/api/orders/:id",
  serviceTime: lognormal(times),
  sampling: { scheme: "exact" as const, block: 400 },
});

Deno.test({
  name:
    "an incident that Prometheus recorded from a run of ours has its times and rates when it is imported and replayed",
  ignore: !required,
  fn: async () => {
    await using folder = await temporaryFolder();
    await using server = await createPerfmock({
      seed: 11,
      routes: [ROUTE(CALM)],
    });
    await using prometheus = await RealPrometheus.start(server.url);
    // A counter that begins between two scrapes has no growth in the first step.
    await (await fetch(new URL("/api/orders/1", server.url))).body?.cancel();
    await prometheus.first('up{job!=""} == 1');
    await prometheus.first("http_server_request_duration_seconds_count");
    // Two runs, because a distribution that a dial sets is not drawn in blocks: a percentile of so few draws varies by more than 5 %.
    const ends: number[] = [];
    for (const [index, times] of [CALM, SLOW].entries()) {
      await fetch(new URL("/_perfmock/routes/orders", server.url), {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(ROUTE(times)),
      }).then((response) => response.body?.cancel());
      await server.load({
        seed: index,
        scenarios: {
          calls: {
            executor: "arrival-rate",
            arrivals: "uniform",
            rate: `${RATE}/s`,
            duration: `${DURATION}s`,
            requests: [{ path: "/api/orders/1" }],
          },
        },
      });
      ends.push(Date.now() / 1000);
    }
    const from = Math.floor(ends[0]) - DURATION;
    const to = Math.ceil(ends[1]);
    const data = await prometheus.ask("query_range", {
      query: "http_server_request_duration_seconds_bucket",
      start: `${from}`,
      end: `${to}`,
      step: `${STEP}`,
    });
    await Deno.writeTextFile(
      `${folder.path}/range.json`,
      JSON.stringify({ status: "success", data }),
    );
    const [mock, script] = [
      `${folder.path}/mock.yaml`,
      `${folder.path}/load.yaml`,
    ];
    const imported = await cli(
      "import",
      `${folder.path}/range.json`,
      "--out",
      mock,
      "--script",
      script,
    );
    equal(imported.status, 0, imported.err);
    const { scenarios } = parse(await Deno.readTextFile(script)) as {
      scenarios: Record<
        string,
        {
          rate?: { steps: { at: string; value: string }[] };
          to?: { timeline: { at: string; value: unknown }[] };
        }
      >;
    };
    const course = Object.values(scenarios).flatMap(({ to }) =>
      to?.timeline ?? []
    );
    const rates = Object.values(scenarios).flatMap(({ rate }) =>
      rate?.steps ?? []
    );
    await using replay = await createPerfmock(
      parse(await Deno.readTextFile(mock)),
    );
    const quantiles = async (distribution: unknown) => {
      const response = await fetch(
        new URL("/_perfmock/distributions/explain", replay.url),
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ distribution, probabilities: [0.5, 0.99] }),
        },
      );
      const explained = await response.json();
      return [explained.quantiles["0.5"], explained.quantiles["0.99"]];
    };
    let compared = 0;
    for (const { at, value } of course) {
      // Steps wholly within a run; a scrape is up to 1 s old.
      const begin = from + parseFloat(at);
      const run = ends.findIndex((end) =>
        begin >= end - DURATION + 2 && begin + STEP <= end - 1
      );
      if (run < 0) continue;
      compared++;
      const expected = [CALM, SLOW][run];
      const found = await quantiles(value);
      for (const [index, quantile] of found.entries()) {
        const error = Math.abs(quantile / expected[index] - 1);
        ok(error < 0.05, `${at}: ${found}, expected ${expected}`);
      }
      const rate = rates.findLast((step) =>
        parseFloat(step.at) <= parseFloat(at)
      );
      const sent = parseFloat(rate?.value ?? "");
      ok(Math.abs(sent / RATE - 1) < 0.05, `${at}: ${sent}/s`);
    }
    ok(compared >= 3, `${compared} steps of ${JSON.stringify(course)}`);
    const { summary } = await (async () => {
      const ended = await cli(
        "simulate",
        script,
        "--config",
        mock,
        "--out",
        `${folder.path}/summary.json`,
      );
      equal(ended.status, 0, ended.err);
      return {
        summary: JSON.parse(
          await Deno.readTextFile(`${folder.path}/summary.json`),
        ),
      };
    })();
    const total = Object.values(
      summary.scenarios as Record<string, { scheduled?: number }>,
    )
      .reduce((sum, { scheduled = 0 }) => sum + scheduled, 0);
    // As many as the recorded rates say: the range may begin and end within a step of the runs.
    const seconds = rates.map(({ at }) => parseFloat(at));
    const recorded = rates.reduce((sum, { value }, index) => {
      const end = seconds[index + 1] ?? seconds[index] + STEP;
      return sum + parseFloat(value) * (end - seconds[index]);
    }, 0);
    ok(recorded > RATE * DURATION, `${recorded} recorded requests`);
    ok(Math.abs(total / recorded - 1) < 0.02, `${total} of ${recorded}`);
  },
});
