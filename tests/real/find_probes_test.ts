import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { PreciseClock } from "../../core/lib/time/mod.ts";
import { definePlugin } from "../../core/plugin.ts";
import {
  beaconProbe,
  PAGE_REPORTS,
  type PageReports,
} from "../../plugins/bottleneck_finder/probes/beacon.ts";
import {
  type PageOptions,
  pageProbe,
} from "../../plugins/bottleneck_finder/probes/page.ts";
import { queuedRequests } from "../../plugins/bottleneck_finder/runs/page_notes.ts";
import type {
  Conditions,
  Loaded,
  LoadedFigures,
} from "../../plugins/bottleneck_finder/probes/probe.ts";
import { debianProgram, temporaryFolder } from "./_packages.ts";
import { api, html, ROUTES, shows } from "./_probe_pages.ts";
import { required, until } from "./_software.ts";

function conditions(changed: Partial<Conditions> = {}): Conditions {
  return {
    cpu: 1,
    floors: new Map(),
    signal: new AbortController().signal,
    ...changed,
  };
}

/** Makes a probe of a page of a server, and calls `run`. */
async function probing(
  path: string,
  options: Partial<PageOptions>,
  run: (
    load: (changed?: Partial<Conditions>) => Promise<Loaded>,
    server: Perfmock,
  ) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  await using server = await createPerfmock({ routes: ROUTES });
  await using clock = new PreciseClock();
  await using probe = pageProbe({
    url: new URL(path, server.url).href,
    figure: "LCP",
    executable: await debianProgram(folder.path, "chromium"),
    timeout: 10_000,
    ...options,
  }, { clock });
  await probe.start();
  await run((changed) => probe.load(conditions(changed)), server);
}

function figuresOf(loaded: Loaded): LoadedFigures {
  if ("failure" in loaded) throw new Error(loaded.failure);
  return loaded;
}

function failureOf(loaded: Loaded): string {
  return "failure" in loaded ? loaded.failure : JSON.stringify(loaded);
}

function test(name: string, run: () => Promise<void>): void {
  Deno.test({
    name: `page probe in Chromium: ${name}`,
    ignore: !required,
    fn: run,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
  });
}

test("LCP is the time of the largest content, and every request is seen with its times", async () => {
  await probing("/simple", {}, async (load) => {
    const { figure, figures, requests } = figuresOf(await load());
    ok(figure >= 100 && figure < 1000, `LCP ${figure} ms`);
    equal(figures.LCP, figure);
    ok(
      figures.TTFB < figures.FCP && figures.FCP < figure,
      JSON.stringify(figures),
    );
    const [document, call] = requests.filter(({ url }) =>
      !url.includes("favicon")
    );
    deepEqual([document.type, document.method], ["document", "GET"]);
    equal(new URL(call.url).pathname, "/api/hundred");
    ok(
      call.startMs > document.endMs - 50 && call.endMs < figure,
      JSON.stringify(requests),
    );
    const took = call.endMs - call.startMs;
    ok(took >= 100 && took < figure, `the call took ${took} ms`);
  });
});

for (const figure of ["TTFB", "FCP", "LCP"]) {
  test(`${figure} is a figure`, async () => {
    await probing("/simple", { figure }, async (load) => {
      const loaded = figuresOf(await load());
      ok(loaded.figure > 0);
      equal(loaded.figure, loaded.figures[figure]);
    });
  });
}

test("a measure counts although the page clears its measures", async () => {
  await probing("/cleared", { figure: "measure:shown" }, async (load) => {
    const { figure, requests } = figuresOf(await load());
    const call = requests.find(({ url }) => url.endsWith("/api/quick"));
    ok(call !== undefined && figure >= call.endMs && figure < call.endMs + 200);
  });
});

test("an element is visible from the frame that shows it", async () => {
  await probing(
    "/late",
    { figure: "selector-visible:#box span" },
    async (load) => {
      const { figure, figures, requests } = figuresOf(await load());
      const call = requests.find(({ url }) => url.endsWith("/api/hundred"));
      ok(
        call !== undefined && figure >= call.endMs - 1 &&
          figure < call.endMs + 200,
        `${figure}`,
      );
      ok(figures.FCP < figure);
    },
  );
});

async function actions(
  text: string,
): Promise<{ readonly url: URL } & AsyncDisposable> {
  const folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/actions.ts`, text);
  return {
    url: new URL(`file://${folder.path}/actions.ts`),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test("INP is the time from a click of the actions to the next frame", async () => {
  await using module = await actions(
    `export default async (page) => { await page.click("button"); };`,
  );
  await probing(
    "/click",
    { figure: "INP", actions: module.url },
    async (load) => {
      const { figure } = figuresOf(await load());
      ok(figure >= 80 && figure < 400, `INP ${figure} ms`);
    },
  );
});

test("with actions, an element counts from the first input", async () => {
  await using module = await actions(
    `export default async (page) => { await page.waitForTimeout(300); await page.click("button"); };`,
  );
  await probing("/click", {
    figure: "selector-visible:body",
    actions: module.url,
  }, async (load) => {
    const { figure } = figuresOf(await load());
    ok(figure > 0 && figure < 300, `${figure} ms`);
  });
});

test("actions that fail, and actions without an input, are named", async () => {
  await using wrong = await actions(
    `export default async (page) => { throw new Error("no cart"); };`,
  );
  await probing(
    "/click",
    { figure: "INP", actions: wrong.url },
    async (load) => {
      equal(failureOf(await load()), "The actions of the page failed: no cart");
    },
  );
  await using none = await actions(`export default async () => {};`);
  await probing(
    "/click",
    { figure: "INP", actions: none.url },
    async (load) => {
      match(failureOf(await load()), /made no click, tap or key press/);
    },
  );
  await using empty = await actions(`export const act = 1;`);
  await rejects(
    probing("/click", { figure: "INP", actions: empty.url }, async () => {}),
    { code: "PROBE_UNAVAILABLE", message: /no default function/ },
  );
});

test("the cache is cold in each load, or warm if asked for", async () => {
  const scripts = async (cache: "cold" | "warm") => {
    let seen = 0;
    await probing(
      "/shared",
      { cache, figure: "measure:ran" },
      async (load, server) => {
        figuresOf(await load());
        figuresOf(await load());
        const { requests } = await (await server.fetch(
          new Request("http://localhost/_perfmock/requests?route=script"),
        )).json();
        seen = requests.length;
      },
    );
    return seen;
  };
  equal(await scripts("cold"), 2);
  equal(await scripts("warm"), 2);
});

test("a slower processor makes scripts slower", async () => {
  await probing("/busy", { figure: "measure:ran" }, async (load) => {
    const fastest = async (cpu: number) =>
      Math.min(
        figuresOf(await load({ cpu })).figure,
        figuresOf(await load({ cpu })).figure,
        figuresOf(await load({ cpu })).figure,
      );
    const plain = await fastest(1);
    const slow = await fastest(6);
    // A busy machine slows both.
    ok(slow > 1.5 * plain, `${plain} ms, slowed ${slow} ms`);
  });
});

test("a service worker that fetches ahead delays the end of a load, and its requests are seen", async () => {
  await probing("/worked", {}, async (load) => {
    const { requests } = figuresOf(await load());
    const ahead = requests.filter(({ url }) => url.endsWith("/api/hundred"));
    equal(ahead.length, 1);
    ok(ahead[0].endMs - ahead[0].startMs >= 100, JSON.stringify(ahead));
  });
});

test("actions may lead to another page, whose figures and requests count", async () => {
  await using module = await actions(
    `export default (page) => page.goto(page.url().replace("/click", "/simple"));`,
  );
  await probing("/click", { actions: module.url }, async (load) => {
    const { figure, requests } = figuresOf(await load());
    ok(figure >= 100, `${figure} ms`);
    match(requests[0].url, /\/simple$/);
    ok(requests[0].startMs < 100, JSON.stringify(requests));
  });
});

test("a page whose policy allows no script but its own is measured", async () => {
  await probing("/guarded", { figure: "measure:shown" }, async (load) => {
    ok(figuresOf(await load()).figure > 0);
  });
});

test("equal requests at once reach the server one after the other, unless the page asks past the cache", async () => {
  for (const [path, queued] of [["/equal", true], ["/past", false]] as const) {
    await probing(path, { figure: "measure:shown" }, async (load, server) => {
      const { figure, requests } = figuresOf(await load());
      const entries = server.requests({ route: "hundred" });
      equal(entries.length, 3);
      deepEqual(
        queuedRequests([{ figure, requests, entries }], server.url),
        queued ? ["GET /api/hundred"] : [],
      );
      // A busy machine makes any page slow.
      ok(!queued || figure >= 300, `${figure} ms`);
    });
  }
});

test("a floor holds responses of an origin by its pattern, and no others", async () => {
  await probing("/simple", {}, async (load, { url }) => {
    const floors = new Map([[`${url.origin}/api/*`, 400]]);
    const { requests } = figuresOf(await load({ floors }));
    const took = (path: string) => {
      const request = requests.find((one) => one.url.endsWith(path));
      return request === undefined ? NaN : request.endMs - request.startMs;
    };
    ok(took("/api/hundred") >= 400, `${took("/api/hundred")} ms`);
    ok(took("/simple") < 400, `${took("/simple")} ms`);
  });
});

test("failures of a page are named", async () => {
  const reasons: readonly (readonly [string, Partial<PageOptions>, RegExp])[] =
    [
      ["/down", {}, /^The page answered with status 503$/],
      ["/nothing", {}, /^The page answered with status 404$/],
      [
        "/polls",
        { timeout: 3000 },
        /^The page did not settle within 3 s: it waited for GET .*\/api\/minute$/,
      ],
      [
        "/polling",
        { timeout: 3000 },
        /^The page did not settle within 3 s: it waited for .*GET http:\S*\/api\/quick was made \d+ times/,
      ],
      [
        "/stuck",
        { timeout: 8000 },
        /^The page did not settle within 8 s: it waited for an answer: its main thread is busy$/,
      ],
      [
        "/blank",
        { timeout: 3000 },
        /^The page did not settle within 3 s: it waited for its LCP$/,
      ],
      [
        "/simple",
        { timeout: 3000, figure: "measure:none" },
        /waited for performance\.measure\("none"\); it has made shown$/,
      ],
      [
        "/simple",
        { timeout: 3000, figure: "selector-visible:#none" },
        /waited for a visible element that #none finds$/,
      ],
      ["/simple", { figure: "selector-visible:##" }, /^## is no CSS selector$/],
      ["/moved", {}, /^The page went on to .*\/simple: measure that one$/],
      ["http://127.0.0.1:1/", {}, /ERR_UNSAFE_PORT|ERR_CONNECTION_REFUSED/],
    ];
  for (const [path, options, reason] of reasons) {
    await probing(path, options, async (load) => {
      match(failureOf(await load()), reason);
    });
  }
});

test("a page settles without requests that are ignored, and with dialogs", async () => {
  await probing(
    "/polls",
    { ignore: ["http://*:*/api/minute"] },
    async (load) => {
      ok(figuresOf(await load()).figure > 0);
    },
  );
  await probing("/alert", {}, async (load) => {
    ok(figuresOf(await load()).figure > 0);
  });
});

test("an interrupted load fails at once, and the next one works", async () => {
  await probing("/simple", {}, async (load) => {
    const ends = new AbortController();
    const loading = load({ signal: ends.signal });
    ends.abort();
    equal(failureOf(await loading), "The load was interrupted");
    ok(figuresOf(await load()).figure > 0);
  });
});

test("a page settles after a response that it does not read", async () => {
  await probing("/unread", {}, async (load) => {
    const { requests } = figuresOf(await load());
    const call = requests.find(({ url }) => url.endsWith("/api/hundred"));
    const took = call === undefined ? NaN : call.endMs - call.startMs;
    ok(took >= 100 && took < 1000, `the call took ${took} ms`);
  });
});

test("a crash of the page, and an end of the browser, are named, and the next load works", async () => {
  const cases: readonly (readonly [string, string])[] = [
    [`page.goto("chrome://crash")`, "The page crashed"],
    [
      `page.context().browser().close()`,
      "The browser ended during the load",
    ],
  ];
  for (const [act, failure] of cases) {
    await using module = await actions(
      `let first = true; export default async (page) => { if (first) { first = false; await ${act}; } };`,
    );
    await probing("/simple", { actions: module.url }, async (load) => {
      equal(failureOf(await load()), failure);
      ok(figuresOf(await load()).figure > 0);
    });
  }
});

test("a beacon probe has the figure of the next load in another browser, and not of one before", async () => {
  let reports: PageReports | undefined;
  const listener = definePlugin({
    name: "listener",
    version: "1.0.0",
    scope: "server",
    requires: ["exporters"],
    setup(host) {
      reports = host.find(PAGE_REPORTS);
      return {};
    },
  });
  await using folder = await temporaryFolder();
  const script =
    `<script type=module src="/_perfmock/exporters/correlation/client.js"></script>`;
  await using server = await createPerfmock({
    routes: [
      api("hundred", "100ms"),
      html("sends", script + shows("/api/hundred")),
    ],
  }, { plugins: [listener] });
  await using clock = new PreciseClock();
  const { url } = server;
  const page = new URL("/sends", url).href;
  const { signal } = new AbortController();
  await using browser = pageProbe({
    url: page,
    figure: "LCP",
    // The script reports a second after new entries.
    quiet: 1500,
    executable: await debianProgram(folder.path, "chromium"),
  }, { clock });
  await browser.start();
  const before = browser.load(conditions({ signal }));
  await until(async () => {
    const stats = await (await server.fetch(
      new Request("http://localhost/_perfmock/requests?route=hundred"),
    )).json();
    return stats.requests.length > 0 || undefined;
  });
  await using probe = beaconProbe({ figure: "LCP", url: page }, {
    clock,
    reports,
  });
  await probe.start();
  const waiting = probe.load(conditions({ signal }));
  await before;
  const seen = figuresOf(await browser.load(conditions({ signal })));
  const { figure, requests } = figuresOf(await waiting);
  equal(figure, seen.figure);
  const call = requests.find(({ url }) => url.endsWith("/api/hundred"));
  equal(call?.method, "GET");
});

test("no process is left of a probe that is disposed, nor of one whose process is killed", async () => {
  await using folder = await temporaryFolder();
  const executable = await debianProgram(folder.path, "chromium");
  for (const end of ["dispose", "kill"]) {
    const mark = `perfmock-${crypto.randomUUID()}`;
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        new URL("./_run_probe.ts", import.meta.url).href,
        executable,
      ],
      env: { PERFMOCK_TEST_MARK: mark },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    equal((await lines.read()).value, "started\n");
    ok((await marked(mark)).length > 1);
    if (end === "kill") child.kill("SIGKILL");
    await child.stdin.close();
    await lines.cancel();
    await child.status;
    await until(async () => (await marked(mark)).length === 0 || undefined);
  }
});

/** Process ids of those that have a mark in their environment. */
async function marked(mark: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    // A process may have ended meanwhile.
    const text = await Deno.readTextFile(`/proc/${name}/environ`)
      .catch(() => "");
    if (text.includes(mark)) found.push(name);
  }
  return found;
}
