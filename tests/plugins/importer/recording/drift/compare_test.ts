import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { DriftResult } from "../../../../../core/import.ts";
import { compareRecordings } from "../../../../../plugins/importer/recording/drift/compare.ts";
import { folderWith } from "../../../../support/plugins.ts";
import { draws } from "../../_tools.ts";
import { HEAD, recorder, seen } from "../_written.ts";

/** Route of a recording: times, and a status for each. */
interface Given {
  readonly target?: (index: number) => string;
  readonly times: ArrayLike<number>;
  readonly status?: (index: number) => number;
  readonly inFlight?: number;
}

function recordingOf(...routes: readonly Given[]): string {
  const { recorder: one, text } = recorder();
  for (
    const { target = () => "/a", times, status = () => 200, inFlight = 0 }
      of routes
  ) {
    for (let i = 0; i < times.length; i++) {
      one.record(seen(target(i), {
        wait: times[i],
        total: times[i] + 1,
        status: status(i),
        inFlight,
      }));
    }
  }
  return HEAD + text();
}

async function compared(
  before: string,
  after: string,
  options: { readonly threshold?: number; readonly share?: number } = {},
): Promise<DriftResult> {
  await using folder = await folderWith({
    "a.jsonl": before,
    "b.jsonl": after,
  });
  return await compareRecordings(
    `${folder.path}/a.jsonl`,
    `${folder.path}/b.jsonl`,
    options,
  );
}

const KNOWN = { lognormal: { median: "40ms", p99: "200ms" } };

Deno.test("compareRecordings() finds no drift between samples of one distribution, and bounds its false alarms", async () => {
  let alarms = 0;
  for (let i = 0; i < 30; i++) {
    const [before, after] = ["before", "after"].map((name) =>
      recordingOf(
        ...Array.from({ length: 4 }, (_, route) => ({
          target: () => `/route-${"abcd"[route]}`,
          times: draws(KNOWN, 400, `${name} ${i} ${route}`),
        })),
      )
    );
    const { ok: fine, answer } = await compared(before, after, {
      threshold: 0,
    });
    equal(answer.routes.length, 4);
    if (!fine) alarms++;
  }
  // 5 % of 30 are 1.5.
  ok(alarms <= 5, `${alarms} of 30`);
});

/** Known so closely by 4000 times that a change by 10 % can be excluded. */
const NARROW = { lognormal: { median: "40ms", p99: "60ms" } };

Deno.test("compareRecordings() tells slower, faster, changed shapes, and what cannot be told", async () => {
  const times = draws(NARROW, 4000, "a");
  const others = draws(NARROW, 4000, "b");
  const cases: readonly [
    verdict: string,
    before: ArrayLike<number>,
    after: ArrayLike<number>,
  ][] = [
    ["same", times, others],
    ["slower", times, others.map((time) => 1.3 * time)],
    ["faster", times, others.map((time) => time / 1.3)],
    ["slower", times, others.map((time) => time > 55 ? 2 * time : time)],
    [
      "slower and faster",
      times,
      others.map((time) => time > 55 ? 3 * time : time / 1.5),
    ],
    [
      "unclear",
      times.subarray(0, 20),
      others.subarray(0, 20).map((t) => 1.02 * t),
    ],
    [
      "shape",
      times.map((_, i) => i % 100 < 2 ? 500 : i % 2 === 0 ? 50.1 : 50),
      times.map((_, i) =>
        i % 100 < 2 ? 500 : i % 4 === 0 ? 49 : i % 4 === 1 ? 80 : 50.2
      ),
    ],
  ];
  for (const [verdict, before, after] of cases) {
    const result = await compared(
      recordingOf({ times: before }),
      recordingOf({ times: after }),
    );
    const [route] = result.answer.routes;
    equal(route.verdict, verdict);
    equal(result.ok, verdict === "same" || verdict === "unclear");
    match(result.table, new RegExp(`GET /a +${verdict} `));
  }
});

Deno.test("compareRecordings() compares the shares of statuses with their interval", async () => {
  const times = draws(KNOWN, 1000, "a");
  const before = recordingOf({
    times,
    status: (i) => i % 100 === 0 ? 500 : 200,
  });
  const worse = recordingOf({ times, status: (i) => i % 20 === 0 ? 503 : 200 });
  const result = await compared(before, worse);
  const [{ verdict, statuses }] = result.answer.routes;
  equal(verdict, "statuses");
  equal(result.ok, false);
  deepEqual(
    statuses.map(({ status, share }) => [status, share.before, share.after]),
    [
      [200, 0.99, 0.95],
      [500, 0.01, 0],
      [503, 0, 0.05],
    ],
  );
  deepEqual(
    statuses.filter(({ drifts }) => drifts).map(({ status }) => status),
    [200, 503],
  );
  match(result.table, /GET \/a: 503 0 % → 5 % \(difference/);
  equal((await compared(before, worse, { share: 0.1 })).ok, true);
});

Deno.test("compareRecordings() lists new and vanished routes, and bears rare ones", async () => {
  const times = draws(KNOWN, 300, "a");
  const rare = { target: () => "/rare", times: [10] };
  const before = recordingOf({ times }, { target: () => "/old", times }, rare);
  const after = recordingOf(
    { times },
    { target: (i) => `/new/${i}`, times },
  );
  const { answer, ok: fine, table } = await compared(before, after);
  deepEqual(answer.appeared.map(({ route, count }) => [route, count]), [[
    "GET /new/:newId",
    300,
  ]]);
  deepEqual(answer.vanished.map(({ route, count }) => [route, count]), [
    ["GET /old", 300],
    ["GET /rare", 1],
  ]);
  equal(fine, false);
  match(table, /\nNew:\n {2}GET \/new\/:newId: 300 requests\n/);
  match(table, /GET \/rare: 1 requests?, which may be chance/);
  equal(
    (await compared(recordingOf({ times }, rare), recordingOf({ times }))).ok,
    true,
  );
});

Deno.test("compareRecordings() gives both recordings the same templates, and tells another load", async () => {
  const times = draws(KNOWN, 100, "a");
  const many = {
    target: (i: number) =>
      `/shop/name-${String.fromCharCode(97 + i % 26)}${
        String.fromCharCode(97 + i / 26)
      }`,
    times,
  };
  const one = {
    target: (i: number) =>
      `/shop/other-${String.fromCharCode(97 + i % 26, 97 + i / 26)}`,
    times,
    inFlight: 7,
  };
  const { answer } = await compared(recordingOf(many), recordingOf(one));
  deepEqual(answer.routes.map(({ route }) => route), ["GET /shop/:shopId"]);
  match(
    answer.notes.join("\n"),
    /The load was another one: of GET \/shop\/:shopId/,
  );
});

Deno.test("compareRecordings() draws the changes, and a page with the distributions", async () => {
  const times = draws(KNOWN, 400, "a");
  const result = await compared(
    recordingOf({ times }, { target: () => "/<b>", times }),
    recordingOf({ times: times.map((t) => 2 * t) }, {
      target: () => "/<b>",
      times,
    }),
  );
  const svg = await result.svg();
  match(svg, /^<svg /);
  match(svg, /GET \/a/);
  const page = await result.html();
  equal(page.match(/<svg /g)?.length, 3);
  match(page, /<title>Drift from .*a\.jsonl to .*b\.jsonl<\/title>/);
  ok(!page.includes("<b>"));
});

Deno.test("compareRecordings() refuses what is no recording, is of another version, or is empty", async () => {
  const good = recordingOf({ times: [1, 2, 3] });
  const cases: readonly [RegExp, string][] = [
    [/its first line is not that of a recording/, "{}\n"],
    [/it is empty/, ""],
    [
      /a recording of version 7, written by perfmock 9/,
      '{"kind":"recording","version":7,"perfmock":"9"}\n',
    ],
    [/it has no exchange/, HEAD],
    [/no lines of a recording/, HEAD + "x\n".repeat(30)],
  ];
  for (const [expected, text] of cases) {
    await compared(good, text).then(
      () => ok(false, `${expected}`),
      (error) => match(error.issues?.[0]?.message ?? error.message, expected),
    );
  }
});
