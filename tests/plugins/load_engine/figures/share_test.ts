import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import type { LoadResult } from "../../../../core/load.ts";
import { PerfmockError, type Segment } from "../../../../core/plugin.ts";
import {
  crossed,
  mergedResult,
  resultOfShares as resultOf,
} from "../../../../plugins/load_engine/figures/share.ts";
import type { ShareData } from "../../../../plugins/load_engine/figures/share_data.ts";
import { mergedPoints } from "../../../../plugins/load_engine/figures/time_series.ts";
import { FakeEnvironment, FakeRun, host, parse } from "../_scripts.ts";

const SCRIPT = {
  name: "shop",
  seed: 9,
  scenarios: {
    browse: {
      executor: "arrival-rate",
      rate: { ramp: { from: "20/s", to: "120/s", over: "3s" } },
      duration: "3s",
      variables: { id: { integer: { min: 1, max: 5000 } } },
      requests: [
        { path: "/a/{{id}}", weight: 3, group: "look", name: "a" },
        { path: "/b/{{id}}", group: "look", check: { status: [200] } },
        { path: "/c/{{id}}", name: "c" },
      ],
    },
    users: {
      executor: "virtual-users",
      users: 9,
      think: { exponential: { mean: "70ms" } },
      duration: "2500ms",
      requests: [{ path: "/{{user}}/{{iteration}}" }],
    },
    trace: {
      executor: "replay",
      start: "200ms",
      trace: { times: Array.from({ length: 60 }, (_, k) => k * 31) },
      requests: [{ path: "/t/{{number}}" }],
    },
  },
  thresholds: {
    "browse.look.responseTime": ["p(95)<300ms", "avg<1s"],
    failed: ["rate<0.001", "count<1000"],
    "browse.served": ["count>10"],
  },
};

/** Sends a script, or a share of it; answers depend on the path alone. */
async function run(
  segment?: Segment,
  written: Record<string, unknown> = SCRIPT,
): Promise<LoadResult> {
  const environment = new FakeEnvironment();
  const numberOf = (path: string) =>
    [...path].reduce(
      (sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973,
      7,
    );
  environment.takes = ({ request, turn }) =>
    numberOf(request.path.render(turn)) % 401 / 4;
  environment.says = ({ request, turn }) => {
    const number = numberOf(request.path.render(turn)) % 50;
    return number === 0
      ? { status: 503 }
      : number === 1
      ? { error: "timeout" }
      : {};
  };
  const script = await parse(written, {}, "/", segment);
  return new FakeRun(script, environment).toEnd();
}

/** Merges shares as `load merge` does. */
function resultOfShares(written: Parameters<typeof resultOf>[0]): LoadResult {
  return resultOf(written, host.kit);
}

/** Returns the messages of the errors that files are refused with. */
function refusals(written: Parameters<typeof resultOf>[0]): string[] {
  try {
    resultOfShares(written);
  } catch (error) {
    if (!(error instanceof PerfmockError)) throw error;
    return error.issues.map(({ message }) => message);
  }
  return [];
}

/** Returns the data of a share, as it comes back from JSON. */
function dataOf({ share }: LoadResult): ShareData {
  return JSON.parse(JSON.stringify(share));
}

function sharesOf(count: number): Promise<LoadResult[]> {
  return Promise.all(
    Array.from({ length: count }, (_, index) => run({ index, count })),
  );
}

/** A share as JSON, whose parts a test damages. */
// deno-lint-ignore no-explicit-any
type Damaged = any;

const whole = await run();

for (const count of [2, 3, 5, 7]) {
  Deno.test(`the figures of ${count} shares together are those of one run: counts, histograms and thresholds`, async () => {
    const merged = mergedResult((await sharesOf(count)).map(dataOf));
    deepEqual(merged.summary, whole.summary);
    equal(merged.hgrm, whole.hgrm);
    equal(merged.table, whole.table);
  });
}

Deno.test("the time series of shares together has the counts of one run's", async () => {
  const merged = mergedResult((await sharesOf(3)).map(dataOf));
  const rows = (csv: string) =>
    csv.trim().split("\n").slice(1).map((line) => line.split(","));
  const counts = (csv: string) => rows(csv).map((row) => row.slice(1, 10));
  deepEqual(counts(merged.csv), counts(whole.csv));
  ok(rows(whole.csv).length >= 9);
});

Deno.test("a share alone says so, and carries its figures; a whole run does not", async () => {
  const { summary, share } = await run({ index: 1, count: 3 });
  deepEqual(summary.notes, [
    "these are the figures of share 1/3 alone: every arrival and user whose number modulo 3 is 1",
  ]);
  deepEqual(share?.segment, { index: 1, count: 3 });
  equal(whole.share, undefined);
});

Deno.test("a missing share is named, and figures without it meet no threshold", async () => {
  const [a, , c] = await sharesOf(3);
  const loose = (result: LoadResult) => ({
    ...dataOf(result),
    thresholds: dataOf(result).thresholds.slice(0, 2),
  });
  const { summary } = resultOfShares([
    { source: "a.json", data: loose(a) },
    { source: "c.json", data: loose(c) },
  ]);
  ok(summary.thresholds.every(({ ok }) => ok));
  equal(summary.ok, false);
  deepEqual(summary.notes, [
    "share 1/3 is missing: these figures lack every arrival and user whose number modulo 3 is 1",
  ]);
});

Deno.test("files that are no shares of one run are refused, all at once", async () => {
  const [a, b] = await sharesOf(2);
  const other = await run({ index: 1, count: 2 }, { ...SCRIPT, seed: 10 });
  const of3 = await run({ index: 1, count: 3 });
  deepEqual(
    refusals([
      { source: "a.json", data: dataOf(a) },
      { source: "a2.json", data: dataOf(a) },
      { source: "b.json", data: dataOf(b) },
      { source: "other.json", data: dataOf(other) },
      { source: "of3.json", data: dataOf(of3) },
      { source: "summary.json", data: undefined },
      { source: "text.json", data: "text" },
      { source: "old.json", data: { ...dataOf(a), version: 1 } },
    ]),
    [
      "a2.json: It is the share 0/2, as a.json is",
      "other.json: It is share 1/2 of another run than a.json, share 0/2: its seed is 10, and not 9",
      "of3.json: It is share 1/3 of another run than a.json, share 0/2: it is one of 3, and not 2 shares",
      "summary.json: It is not a share of a load run",
      "text.json: It is not a share of a load run",
      "old.json: It is a share that another version of perfmock wrote: its form has the number 1, and this one reads 2",
    ],
  );
  throws(() => resultOfShares([]), PerfmockError);
});

Deno.test("shares of different scripts, targets, files, profiles and days are told apart", async () => {
  const [a, b] = (await sharesOf(2)).map(dataOf);
  const day = Date.UTC(2026, 10, 29, 14, 30);
  const at = (ms: number, agreed: boolean) => ({ start: { at: ms, agreed } });
  const reason = (own: Partial<ShareData>, other: Partial<ShareData> = {}) =>
    refusals([
      { source: "a", data: { ...a, ...other } },
      { source: "b", data: { ...b, ...own } },
    ]).map((message) => message.replace(/^b: .* share 0\/2: /, ""));
  const digests = (own: Partial<ShareData["digests"]>) => ({
    digests: { ...b.digests, ...own },
  });
  deepEqual(reason({}), []);
  deepEqual(reason({ name: "books" }), [
    'it is of the script "books", and not "shop"',
  ]);
  deepEqual(reason(digests({ script: "0" })), [
    "it is of another version of the script",
  ]);
  deepEqual(reason({ target: "http://b/" }), [
    'its target is "http://b/", and not the server that ran it',
  ]);
  deepEqual(reason(digests({ files: "0" })), [
    "the files that the script names had other contents",
  ]);
  deepEqual(reason(digests({ draws: { users: "0" } })), [
    "the think times of users were drawn from other distributions",
  ]);
  deepEqual(reason(at(day + 1000, true), at(day, true)), [
    "it started at 2026-11-29T14:30:01.000Z, and not at 2026-11-29T14:30:00.000Z",
  ]);
  deepEqual(reason(at(day + 86_400_000, false), at(day, true)), [
    "it started at 2026-11-30T14:30:00.000Z, and not at 2026-11-29T14:30:00.000Z",
  ]);
  deepEqual(reason(at(day, false)), ["one was sent and one simulated"]);
  const { summary } = resultOfShares([
    { source: "a", data: { ...a, ...at(day, false) } },
    { source: "b", data: { ...b, ...at(day + 40_000, false) } },
  ]);
  deepEqual(summary.notes, [
    "the shares started 40.0 s apart, so the load was never that of the whole script: --start-at agrees on a moment",
  ]);
});

Deno.test("a share whose data are damaged is refused with the place, wherever it is", async () => {
  const [{ share }] = await sharesOf(2);
  const text = JSON.stringify(share);
  /** Damages a copy of the share. */
  const damaged = (damage: (data: Damaged) => void) => {
    const data = JSON.parse(text);
    damage(data);
    return refusals([{ source: "a", data }]);
  };
  deepEqual(damaged(() => {}), []);
  const cases: readonly [RegExp, (data: Damaged) => void][] = [
    [/\/scenarios\/0\/parts: /, ({ scenarios }) => delete scenarios[0].parts],
    [/\/points: /, (data) => delete data.points],
    [/\/segment: .*none with this number/, ({ segment }) => segment.index = 5],
    [/\/segment\/count: /, ({ segment }) => segment.count = 100_000],
    [
      /\/parts\/a\/started: /,
      ({ scenarios }) => scenarios[0].parts.a.started = -1,
    ],
    [
      /\/parts\/a: More requests have ended than were sent/,
      ({ scenarios }) => scenarios[0].parts.a.completed += 1000,
    ],
    [/\/parts\/a: Its counts are not those of its histograms/, (
      { scenarios },
    ) => scenarios[0].parts.a.completed--],
    [
      /\/parts\/z: There is no such request/,
      ({ scenarios }) => scenarios[0].parts.z = scenarios[0].parts.a,
    ],
    [
      /startLag: Its buckets do not add up/,
      ({ scenarios }) => scenarios[0].parts.a.startLag.tiny++,
    ],
    [
      /startLag: The keys of its buckets/,
      ({ scenarios }) => scenarios[0].parts.a.startLag.buckets = [1e9, 1],
    ],
    [
      /startLag: Its buckets are not/,
      ({ scenarios }) => delete scenarios[0].parts.a.startLag.buckets,
    ],
    [
      /startLag: Its least/,
      ({ scenarios }) => delete scenarios[0].parts.a.startLag.range,
    ],
    [
      /startLag: Its counts are not/,
      ({ scenarios }) => scenarios[0].parts.a.startLag = null,
    ],
    [/\/thresholds\/0\/metric\/figure: There is no such figure/, (
      { thresholds },
    ) => thresholds[0].metric.figure = "luck"],
  ];
  for (const [expected, damage] of cases) {
    const [message = ""] = damaged(damage);
    match(message, /^a: It is a share that is damaged: /);
    match(message, expected);
  }
  match(
    damaged((data) => data.points = data.points.map(() => ({})))[0],
    /; and \d+ more$/,
  );
});

Deno.test("an interval without answers has no percentiles after its way through JSON either", async () => {
  const environment = new FakeEnvironment();
  environment.takes = () => 1800;
  const script = await parse(SCRIPT, {}, "/", { index: 0, count: 2 });
  const { share } = new FakeRun(script, environment).toEnd();
  const { csv } = resultOfShares([
    { source: "a", data: JSON.parse(JSON.stringify(share)) },
  ]);
  match(csv.split("\n")[1], /,,,,$/);
});

Deno.test("many missing shares are counted, and a few named", async () => {
  const data = dataOf(
    await run({ index: 0, count: 100 }, {
      scenarios: { browse: { ...SCRIPT.scenarios.browse, maxInFlight: 500 } },
    }),
  );
  const { summary: { complete, notes } } = resultOfShares([
    { source: "a", data },
  ]);
  equal(complete, false);
  deepEqual([notes.length, notes.at(-1)], [11, "89 more shares are missing"]);
});

Deno.test("a share that began late is named, with what it dropped in the figures", async () => {
  const environment = new FakeEnvironment();
  const script = await parse(SCRIPT, {}, "/", { index: 0, count: 2 });
  const late = new FakeRun(script, environment, -1234);
  const { summary, share } = late.toEnd();
  const { browse } = summary.scenarios;
  ok(browse.dropped > 10);
  equal(
    browse.scheduled,
    (await run({ index: 0, count: 2 })).summary.scenarios.browse.scheduled,
  );
  equal((share as ShareData).late, 1234);
  deepEqual([summary.complete, summary.ok], [false, false]);
  const loose = (data: ShareData) => ({ ...data, thresholds: [] });
  const { summary: { complete, notes, ok: met } } = resultOfShares([
    { source: "a", data: loose(share as ShareData) },
    {
      source: "b",
      data: loose(dataOf(await run({ index: 1, count: 2 }))),
    },
  ]);
  deepEqual([complete, met], [false, false]);
  deepEqual(notes, [
    "share 0/2 began 1234 ms after the agreed moment: what was due before it began was dropped",
  ]);
});

Deno.test("a run that starts a little late catches up, and one that is early waits", async () => {
  const script = await parse(SCRIPT, {}, "/", { index: 0, count: 2 });
  const soon = new FakeRun(script, new FakeEnvironment(), -50);
  equal(soon.toEnd().summary.scenarios.browse.dropped, 0);
  const environment = new FakeEnvironment();
  const early = new FakeRun(script, environment, 5000);
  early.toEnd();
  ok(environment.times[0] >= 5000);
  const times = environment.times.map((time) => time - 5000);
  const now = new FakeEnvironment();
  new FakeRun(script, now).toEnd();
  equal(times.length, now.times.length);
});

Deno.test("thresholds that end a run are judged on all shares together", async () => {
  const [a, b] = (await sharesOf(2)).map(dataOf);
  const ending = (bound: number, after = 0) => ({
    ...a.thresholds[2],
    bound,
    after,
    abortOnFail: true,
    expression: `rate<${bound}`,
  });
  const judged = (bound: number, after?: number) =>
    crossed([{ ...a, thresholds: [ending(bound, after)] }, b]);
  equal(judged(0.9), undefined);
  equal(judged(0.001), "failed rate<0.001");
  equal(judged(0.001, 60_000), undefined);
  equal(crossed([a, b]), undefined);
});

Deno.test("points of shares on coarser grids are put on the coarsest", () => {
  const point = (at: number, started: number, span = 1000) => ({
    at,
    span,
    scenario: "s",
    scheduled: started,
    started,
    dropped: 0,
    completed: started,
    failed: 0,
    refused: 0,
    cut: 0,
    inFlight: 1,
    p50: started,
    p95: started,
    p99: NaN,
    max: started,
  });
  const fine = [
    ...[1000, 2000, 3000, 4007].map((at) => point(at, 1)),
    point(4500, 1, 493),
  ];
  const coarse = [point(2000, 10, 2000), point(4000, 20, 2000)];
  deepEqual(
    mergedPoints([fine, coarse]).map(({ at, started, inFlight, p50 }) => [
      at,
      started,
      inFlight,
      p50,
    ]),
    [[2000, 12, 2, 10], [4007, 22, 2, 20], [4500, 1, 1, 1]],
  );
  deepEqual(mergedPoints([[], []]), []);
});
