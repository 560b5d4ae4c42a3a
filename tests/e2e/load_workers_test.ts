// Runs on a calm machine, without the profiler: measures long times.
import { deepEqual, equal, ok } from "node:assert/strict";
import type { LoadSummary } from "../../core/load.ts";
import { cli, run, serving } from "../support/cli.ts";

/** Error of a quantile of a histogram: half a bucket. */
const HISTOGRAM = 0.004;

/** So long that the network and a busy machine add less than the error of a histogram. */
const CONFIG = {
  seed: 11,
  routes: [{
    id: "slow",
    path: "/slow",
    serviceTime: { uniform: { min: "8s", max: "12s" } },
  }],
};

const SCRIPT = {
  name: "shares",
  seed: 4,
  scenarios: {
    browse: {
      executor: "arrival-rate",
      rate: "30/s",
      duration: "2s",
      requests: [{ path: "/slow" }],
    },
  },
  thresholds: {
    "browse.responseTime": ["p(90)<12500ms", "min<6s"],
    failed: ["rate==0"],
    dropped: ["count==0"],
  },
};

/** Compares the summary of several processes with that of a simulation. */
function agree(sent: LoadSummary, simulated: LoadSummary): void {
  const [a, b] = [sent, simulated].map(({ scenarios }) => scenarios.browse);
  deepEqual(
    [a.scheduled, a.started, a.dropped, a.completed, a.failed, a.cut],
    [b.scheduled, b.started, b.dropped, b.completed, b.failed, b.cut],
  );
  deepEqual(
    sent.thresholds.map(({ ok }) => ok),
    simulated.thresholds.map(({ ok }) => ok),
  );
  for (const name of ["min", "mean", "max"] as const) {
    const [measured, expected] = [a.responseTime[name], b.responseTime[name]];
    near(measured, expected, HISTOGRAM, name);
  }
  for (const name of ["p50", "p90", "p95", "p99", "p999"] as const) {
    // Each of the two is within the error of a histogram.
    near(a.responseTime[name], b.responseTime[name], 2 * HISTOGRAM, name);
  }
}

function near(
  measured: number | null,
  expected: number | null,
  share: number,
  name: string,
): void {
  const [a, b] = [measured ?? NaN, expected ?? NaN];
  ok(Math.abs(a / b - 1) <= share, `${name}: ${a} ms, simulated ${b} ms`);
}

async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  try {
    await Deno.writeTextFile(
      `${folder}/perfmock.json`,
      JSON.stringify(CONFIG),
    );
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function simulated(folder: string): Promise<LoadSummary> {
  await Deno.writeTextFile(`${folder}/script.json`, JSON.stringify(SCRIPT));
  const out = `${folder}/simulated.json`;
  await cli(
    ...["simulate", `${folder}/script.json`, "--out", out],
    ...["--config", `${folder}/perfmock.json`],
  );
  return JSON.parse(await Deno.readTextFile(out));
}

Deno.test("load from three workers, in processes of their own, is that of the script's simulation: counts, thresholds, quantiles", async () => {
  await inFolder(async (folder) => {
    const config = ["--config", `${folder}/perfmock.json`, "--port", "0"];
    await Deno.writeTextFile(`${folder}/worker.json`, "{}");
    const worker = ["--config", `${folder}/worker.json`, "--port", "0"];
    await using target = await serving(config);
    await using first = await serving(worker);
    await using second = await serving(worker);
    await using third = await serving(worker);
    const expected = await simulated(folder);
    const out = `${folder}/sent.json`;
    const { status, err } = await cli(
      ...["load", `${folder}/script.json`, "--out", out],
      ...["--target", target.url.origin, "--config", `${folder}/worker.json`],
      "--workers",
      [first, second, third].map(({ url }) => url.host).join(","),
    );
    equal(status, 99, err);
    const sent: LoadSummary = JSON.parse(await Deno.readTextFile(out));
    agree(sent, expected);
    deepEqual(
      sent.workers?.map(({ segment, lost }) => [segment, lost]),
      [["0/3", null], ["1/3", null], ["2/3", null]],
    );
  });
});

Deno.test("shares that processes send from an agreed moment on, as the pods of an Indexed Job, merge to the script's simulation", async () => {
  await inFolder(async (folder) => {
    await using target = await serving([
      ...["--config", `${folder}/perfmock.json`, "--port", "0"],
    ]);
    const expected = await simulated(folder);
    await Deno.writeTextFile(`${folder}/worker.json`, "{}");
    // Three processes start within that time, on a busy machine too.
    const start = new Date(Date.now() + 20_000).toISOString();
    const ended = await Promise.all([0, 1, 2].map((index) =>
      run([
        ...["load", `${folder}/script.json`, "--target", target.url.origin],
        ...["--config", `${folder}/worker.json`, "--segment", "auto/3"],
        ...["--start-at", start, "--out", `${folder}/share-${index}.json`],
      ], { env: { JOB_COMPLETION_INDEX: `${index}` } })
    ));
    for (const { status, err } of ended) ok([0, 99].includes(status), err);
    const out = `${folder}/merged.json`;
    const shares = [0, 1, 2].map((index) => `${folder}/share-${index}.json`);
    const merged = await cli(
      ...["load", "merge", ...shares, "--out", out],
      ...["--config", `${folder}/worker.json`],
    );
    equal(merged.status, 99, merged.err);
    agree(JSON.parse(await Deno.readTextFile(out)), expected);
    const part = await cli(
      ...["load", "merge", shares[0], shares[2]],
      ...["--config", `${folder}/worker.json`],
    );
    equal(part.status, 1);
    ok(part.out.includes("share 1/3 is missing"), part.out);
    const refused = await cli("load", "merge", shares[0], shares[0]);
    equal(refused.status, 2);
  });
});

Deno.test("--start-at and --workers that contradict each other, or mean nothing, are refused", async () => {
  await inFolder(async (folder) => {
    await simulated(folder);
    const load = async (...args: string[]) => {
      const { status, err } = await cli(
        ...["load", `${folder}/script.json`, ...args],
        ...["--config", `${folder}/perfmock.json`],
      );
      equal(status, 2);
      return err;
    };
    const tomorrow = await load("--start-at", "tomorrow");
    ok(tomorrow.includes("--start-at is a moment"), tomorrow);
    const both = await load("--workers", "a:1", "--segment", "0/2");
    ok(both.includes("--segment has no meaning beside --workers"), both);
    const bad = await load("--segment", "2/2");
    ok(bad.includes("There is no replica 2 of 2"), bad);
  });
});
