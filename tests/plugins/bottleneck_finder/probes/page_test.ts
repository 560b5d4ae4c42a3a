import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";
import { PerfmockError } from "../../../../core/plugin.ts";
import {
  type PageOptions,
  pageProbe,
} from "../../../../plugins/bottleneck_finder/probes/page.ts";
import type {
  Conditions,
  Loaded,
} from "../../../../plugins/bottleneck_finder/probes/probe.ts";
import { folderWith } from "../../../support/plugins.ts";
import { FakeBrowser, request, type Script, settled } from "./_fake_browser.ts";

const URL_ = "http://shop.test/";

/** Makes a load in a fake browser; returns the answer, the time and the browsers that were started. */
async function load(
  script: Script,
  options: Partial<PageOptions> = {},
  conditions: Partial<Conditions> = {},
): Promise<{ loaded: Loaded; time: number; browsers: FakeBrowser[] }> {
  const clock = new VirtualClock();
  const browsers: FakeBrowser[] = [];
  const probe = pageProbe({ url: URL_, figure: "LCP", ...options }, {
    clock,
    launch() {
      const browser = new FakeBrowser(script);
      browsers.push(browser);
      return Promise.resolve(browser.browser);
    },
  });
  await probe.start();
  browsers[0].calls.length = 0;
  const loaded = await settled(
    clock,
    probe.load({
      cpu: 1,
      floors: new Map(),
      signal: new AbortController().signal,
      ...conditions,
    }),
  );
  await probe[Symbol.asyncDispose]();
  equal(clock.pending, 0, "timers are left");
  for (const browser of browsers) {
    equal(browser.listenerCount("disconnected"), 0, "listeners are left");
    equal(browser.isConnected(), false, "a browser is left");
  }
  return { loaded, time: clock.now(), browsers };
}

Deno.test("a load has its figure, the other figures, and requests", async () => {
  const { loaded, time, browsers } = await load({
    opened(page) {
      const call = request(page, `${URL_}api`);
      page.context.emit("request", call);
      page.context.emit("requestfailed", call);
    },
  });
  deepEqual(loaded, {
    figure: 100,
    figures: { TTFB: 5, FCP: 50, LCP: 100 },
    requests: [
      { url: URL_, method: "GET", startMs: 1, endMs: 1, type: "document" },
      { url: `${URL_}api`, method: "GET", startMs: 1, endMs: 1, type: "fetch" },
    ],
  });
  equal(time, 500);
  deepEqual(browsers[0].calls, [
    `goto ${URL_}`,
    "close context",
    "close browser",
  ]);
});

Deno.test("figures that the browser does not keep come from a script of their own", async () => {
  for (
    const [figure, argument] of [
      ['measure:a"b', `{"kind":"measure","name":"a\\"b","afterInput":false}`],
      [
        "selector-visible:#a",
        `{"kind":"selector-visible","selector":"#a","afterInput":false}`,
      ],
    ]
  ) {
    const { loaded, browsers } = await load(
      { looks: [{ own: undefined }, { own: 70 }] },
      { figure },
    );
    equal("figure" in loaded && loaded.figures[figure], 70);
    equal(browsers[0].calls[0], `script ${argument}`);
  }
});

Deno.test("conditions become commands of the browser's protocol", async () => {
  const { browsers } = await load({}, {}, {
    cpu: 4,
    floors: new Map([["https://cdn.test/*", 300]]),
  });
  deepEqual(browsers[0].calls.slice(0, 3), [
    `Emulation.setCPUThrottlingRate {"rate":4}`,
    "Network.enable {}",
    `Network.emulateNetworkConditionsByRule {"offline":false,"matchedNetworkConditions":[{"urlPattern":"https://cdn.test/*","latency":300,"downloadThroughput":-1,"uploadThroughput":-1}]}`,
  ]);
  await rejects(
    load({ unknown: "Network.emulateNetworkConditionsByRule" }, {}, {
      floors: new Map([["https://cdn.test/*", 300]]),
    }),
    { code: "PROBE_UNAVAILABLE", message: /It takes Chromium 143 or later/ },
  );
});

Deno.test("a warm load loads the page twice in one context", async () => {
  const { browsers } = await load({}, { cache: "warm" });
  deepEqual(browsers[0].calls.slice(0, 4), [
    `goto ${URL_}`,
    "close page",
    `goto ${URL_}`,
    "close context",
  ]);
});

Deno.test("a warm load begins after the one that fills the cache, and a cold one has none before it", async () => {
  for (const [cache, expected] of [["warm", [1]], ["cold", []]] as const) {
    let opened = 0;
    const began: number[] = [];
    await load({ opened: () => opened++ }, { cache }, {
      began: () => void began.push(opened),
    });
    deepEqual(began, [...expected]);
  }
});

Deno.test("data of responses are watched for where nothing else is missing", async () => {
  const { loaded, time, browsers } = await load({
    opened(page) {
      const call = request(page, `${URL_}api`);
      page.context.emit("request", call);
      page.context.emit("response", {
        request: () => call,
        status: () => 200,
      });
    },
  });
  equal("figure" in loaded && loaded.requests[1].url, `${URL_}api`);
  equal(time, 1500);
  equal(browsers[0].calls[1], "Network.enable {}");
});

Deno.test("failures of a page are answers", async () => {
  const cases: readonly (readonly [Script, RegExp, Partial<PageOptions>?])[] = [
    [{ status: 503 }, /^The page answered with status 503$/],
    [
      { unreachable: new Error("net::ERR_CONNECTION_REFUSED at x\nCall log") },
      /^The load failed while it waited for the response of the document: net::ERR_CONNECTION_REFUSED at x$/,
    ],
    [
      { looks: [{ figures: {} }] },
      /^The page did not settle within 30 s: it waited for its LCP$/,
    ],
    [
      { looks: [{ seen: ["a", "b", "a"] }] },
      /within 30 s: it waited for performance\.measure\("x"\); it has made a, b$/,
      { figure: "measure:x" },
    ],
    [
      { looks: [{}] },
      /waited for performance\.measure\("x"\); it has made no other measure$/,
      { figure: "measure:x" },
    ],
    [
      { looks: [{}] },
      /waited for a visible element that p finds$/,
      { figure: "selector-visible:p" },
    ],
    [
      { looks: [{ error: "## is no CSS selector" }] },
      /^## is no CSS selector$/,
      { figure: "selector-visible:##" },
    ],
    [{ opened: (page) => page.emit("crash") }, /^The page crashed$/],
    [
      {
        opened: (page) =>
          page.emit("request", request(page, `${URL_}next`, "document")),
      },
      /^The page went on to http:\/\/shop\.test\/next: measure that one$/,
    ],
    [
      { opened: (_page, browser) => browser.end() },
      /^The browser ended during the load$/,
    ],
    [
      { looks: [new Error("Protocol error\nlog")] },
      /^The load failed while it waited for .*: Protocol error$/,
    ],
    [
      {
        opened: (page) =>
          page.context.emit("request", request(page, `${URL_}api`)),
      },
      /^The page did not settle within 30 s: it waited for GET http:\/\/shop\.test\/api$/,
    ],
    [
      { looks: [new Error("Execution context was destroyed"), {}] },
      /^{"figure":100/,
    ],
  ];
  for (const [script, reason, options] of cases) {
    const { loaded } = await load(script, options);
    match(
      "failure" in loaded ? loaded.failure : JSON.stringify(loaded),
      reason,
    );
  }
});

Deno.test("a browser that has ended is started again, and one that does not close its pages is ended", async () => {
  const clock = new VirtualClock();
  const browsers: FakeBrowser[] = [];
  const scripts: Script[] = [{ hangs: true }, {}];
  const probe = pageProbe({ url: URL_, figure: "FCP" }, {
    clock,
    launch() {
      const browser = new FakeBrowser(scripts[browsers.length] ?? {});
      browsers.push(browser);
      return Promise.resolve(browser.browser);
    },
  });
  const conditions = {
    cpu: 1,
    floors: new Map<string, number>(),
    signal: new AbortController().signal,
  };
  for (const count of [1, 2, 2]) {
    const loaded = await settled(clock, probe.load(conditions));
    equal("figure" in loaded && loaded.figure, 50);
    equal(browsers.length, count);
  }
  equal(browsers[0].calls.at(-1), "close browser");
  browsers[1].end();
  await settled(clock, probe.load(conditions));
  equal(browsers.length, 3);
  const ends = new AbortController();
  const loading = probe.load({ ...conditions, signal: ends.signal });
  await clock.yield();
  ends.abort();
  deepEqual(await settled(clock, loading), {
    failure: "The load was interrupted",
  });
  deepEqual(
    await settled(clock, probe.load({ ...conditions, signal: ends.signal })),
    { failure: "The load was interrupted" },
  );
  await probe[Symbol.asyncDispose]();
  equal(clock.pending, 0);
  await rejects(probe.load(conditions), { code: "PROBE_UNAVAILABLE" });
});

Deno.test("actions are called after the page has settled, and failures of them are answers", async () => {
  await using folder = await folderWith({
    "good.ts":
      `export const prepare = (context) => context.emit("prepared"); export default (page) => page.emit("acted");`,
    "bad.ts": `export default () => { throw new Error("no cart"); };`,
    "unready.ts":
      `export const prepare = () => { throw new Error("no login"); }; export default () => {};`,
    "leaves.ts": `export default (page) => page.goto("http://shop.test/next");`,
    "endless.ts": `export default () => new Promise(() => {});`,
  });
  const run = async (name: string, script: Script = {}) => {
    const { loaded, time } = await load(script, {
      figure: "INP",
      actions: new URL(name, folder.url),
    });
    return [
      "failure" in loaded ? loaded.failure : loaded.figures.INP,
      time,
    ];
  };
  deepEqual(await run("good.ts", { looks: [{}, { own: 80 }] }), [80, 1000]);
  equal(
    (await run("good.ts"))[0],
    "The page did not settle within 30 s: it waited for an interaction: its actions made no click, tap or key press",
  );
  deepEqual(
    (await load({ looks: [{}] }, {
      actions: new URL("leaves.ts", folder.url),
    })).loaded,
    {
      figure: 100,
      figures: { TTFB: 5, FCP: 50, LCP: 100 },
      requests: [{
        url: `${URL_}next`,
        method: "GET",
        startMs: 1,
        endMs: 1,
        type: "document",
      }],
    },
  );
  equal((await run("bad.ts"))[0], "The actions of the page failed: no cart");
  equal(
    (await run("unready.ts"))[0],
    "The preparation of the page failed: no login",
  );
  deepEqual(await run("endless.ts"), [
    "The page did not settle within 30 s: it waited for its actions to end",
    30_000,
  ]);
});

Deno.test("figures that do not exist are refused", () => {
  const parts = { clock: new VirtualClock() };
  for (
    const [figure, message] of [
      ["CLS", /CLS is no time/],
      ["INP", /INP needs actions/],
      ["x", /not known/],
    ] as const
  ) {
    throws(
      () => pageProbe({ url: URL_, figure }, parts),
      (error) =>
        error instanceof PerfmockError && error.code === "ARGUMENT_INVALID" &&
        message.test(error.message),
    );
  }
  throws(
    () => pageProbe({ url: URL_, figure: "LCP", ignore: ["/api"] }, parts),
    { code: "ARGUMENT_INVALID", message: /no absolute URL pattern/ },
  );
});
