import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { parse } from "yaml";
import { drawSvg } from "../../core/lib/drawing.ts";
import { type DrawnLoad, waterfallOf } from "../../core/cli/correlate.ts";
import {
  createPerfmock,
  type Perfmock,
  type PerfmockInput,
  type RouteInput,
} from "../../mod.ts";
import { debianProgram, temporaryFolder } from "./_packages.ts";
import { required } from "./_software.ts";

/** Answers of the correlation's calls, as far as the tests look at them. */
interface Load {
  readonly url: string;
  readonly figures: Record<string, { readonly value: number }>;
  readonly requests: readonly {
    readonly url: string;
    readonly initiator: string;
    readonly protocol: string;
    readonly route: string | null;
    readonly traceId: string | null;
    readonly unjoined: string | null;
    readonly phases: Record<string, number> | null;
  }[];
}

/** A page of the server's that includes the script, as an early module. */
function pageRoute(script: string): RouteInput {
  return {
    id: "page",
    path: "/",
    response: {
      text:
        `<!doctype html><title>Page</title><script type="module" src="${script}/_perfmock/exporters/correlation/client.js"></script><h1>Hello</h1>`,
      headers: { "content-type": "text/html" },
    },
  };
}

const ROUTES: readonly RouteInput[] = [
  { id: "quick", path: "/quick", serviceTime: "20ms", response: { text: "a" } },
  {
    id: "slow",
    path: "/slow",
    serviceTime: "100ms",
    response: { text: "a", headers: { "cache-control": "no-store" } },
  },
  {
    id: "cached",
    path: "/cached",
    response: { text: "a", headers: { "cache-control": "max-age=3600" } },
  },
  {
    id: "moved",
    path: "/moved",
    serviceTime: "30ms",
    response: { status: 302, headers: { location: "/quick?moved" } },
  },
  {
    id: "hidden",
    path: "/hidden",
    response: {
      text: "a",
      headers: { "timing-allow-origin": "http://nobody.test" },
    },
  },
];

/** Opens a page in Chromium and calls `run`. */
async function inChromium(
  url: URL,
  run: (page: Page) => Promise<void>,
): Promise<void> {
  await using folder = await temporaryFolder();
  const browser = await chromium.launch({
    executablePath: await debianProgram(folder.path, "chromium"),
    args: ["--no-sandbox", "--disable-quic"],
  });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(url.href);
    await page.waitForFunction(() => "perfmock" in globalThis);
    await run(page);
  } finally {
    await browser.close();
  }
}

/** Lets a page fetch all URLs, one after another or all at once. */
function fetchAll(
  page: Page,
  urls: readonly string[],
  together: boolean,
): Promise<void> {
  return page.evaluate(async ([urls, together]) => {
    const get = async (url: string) => {
      await (await fetch(url)).text();
    };
    if (together) await Promise.all(urls.map(get));
    else for (const url of urls) await get(url);
  }, [urls, together] as const);
}

/** Sends what the page has seen, and returns the page's load as the server knows it. */
async function loadOf(page: Page, server: Perfmock): Promise<Load> {
  // Entries are made a moment after the response was read.
  await page.waitForTimeout(100);
  await page.evaluate(() =>
    (globalThis as unknown as { perfmock: { flush(): Promise<unknown> } })
      .perfmock.flush()
  );
  const answer = await server.fetch(
    new Request(
      "http://localhost/_perfmock/exporters/correlation/pages/latest",
    ),
  );
  return await answer.json();
}

function urlsOf(count: number, path: (n: number) => string): string[] {
  return Array.from({ length: count }, (_, n) => path(n));
}

function phase(load: Load, route: string, name: string): number[] {
  return load.requests.filter((request) => request.route === route)
    .map(({ phases }) => phases?.[name] ?? NaN)
    .sort((a, b) => a - b);
}

function test(name: string, run: () => Promise<void>): void {
  Deno.test({
    name: `correlation in Chromium: ${name}`,
    ignore: !required,
    fn: run,
    // The browser's driver keeps timers and pipes of its own.
    sanitizeOps: false,
    sanitizeResources: false,
  });
}

function serve(config: PerfmockInput = {}): Promise<Perfmock> {
  return createPerfmock({ routes: [pageRoute(""), ...ROUTES], ...config });
}

for (
  const [protocol, tls] of [["http/1.1", {}], ["h2", {
    tls: "self-signed",
  }]] as const
) {
  test(`20 fetches in turn are joined, all of them, and the gap is small: ${protocol}`, async () => {
    await using server = await serve({ server: tls });
    await inChromium(server.url, async (page) => {
      await fetchAll(page, urlsOf(20, (n) => `/quick?${n}`), false);
      const load = await loadOf(page, server);
      const gaps = phase(load, "quick", "gap");
      equal(gaps.length, 20);
      ok(gaps[10] >= -0.5 && gaps[10] <= 5, `median gap ${gaps[10]} ms`);
      const [service] = phase(load, "quick", "service");
      ok(service >= 20, `service ${service} ms`);
      const [document] = load.requests;
      deepEqual([document.route, document.initiator], ["page", "navigation"]);
      equal(load.requests.at(-1)?.protocol, protocol);
      ok(load.figures.FCP.value > 0 && load.figures.LCP.value > 0);
    });
  });
}

test("a click gives INP beside the requests that it causes", async () => {
  await using server = await serve();
  await inChromium(server.url, async (page) => {
    await page.evaluate(`document.querySelector("h1").onclick = () => {
      const end = performance.now() + 80;
      while (performance.now() < end);
      fetch("/quick?clicked");
    }`);
    await page.click("h1");
    // The browser reports an interaction some frames after it.
    await page.waitForTimeout(300);
    const { figures, requests } = await loadOf(page, server);
    ok(figures.INP?.value >= 80, JSON.stringify(figures));
    equal(requests.at(-1)?.route, "quick");
  });
});

/** Worker that answers by a request of its own, from a store, by itself, or leaves a request to the browser. */
const WORKER = `
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(clients.claim()));
async function stored(request) {
  const store = await caches.open("store");
  if (await store.match(request) === undefined) {
    await store.put(request, await fetch(request));
  }
  return await store.match(request);
}
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.url.includes("passed")) event.respondWith(fetch(request));
  if (request.url.includes("stored")) event.respondWith(stored(request));
  if (request.url.includes("made")) event.respondWith(new Response("a"));
});
`;

test("requests that a service worker answers are not taken for the server's", async () => {
  await using server = await createPerfmock({
    routes: [pageRoute(""), ...ROUTES, {
      path: "/worker.js",
      response: {
        text: WORKER,
        headers: { "content-type": "text/javascript" },
      },
    }],
  });
  await inChromium(server.url, async (page) => {
    await page.evaluate(`(async () => {
      const controlled = new Promise((resolve) =>
        navigator.serviceWorker.addEventListener("controllerchange", resolve)
      );
      await navigator.serviceWorker.register("/worker.js");
      await controlled;
    })()`);
    const kinds = ["passed", "stored", "stored", "made", "left"];
    await fetchAll(page, kinds.map((kind) => `/quick?${kind}`), false);
    const { requests } = await loadOf(page, server);
    deepEqual(
      requests.filter(({ url }) => url.includes("/quick?"))
        .map(({ route, unjoined }) => route ?? unjoined),
      [...kinds.slice(1).map(() => "service_worker"), "quick"],
    );
  });
});

test("a page with a Content-Security-Policy sends its timings if the policy names the server", async () => {
  await using server = await createPerfmock({ routes: ROUTES });
  const api = server.url.origin;
  const { response, ...route } = pageRoute(api);
  await using site = await createPerfmock({
    routes: [{
      ...route,
      response: {
        ...response as Record<string, unknown>,
        headers: {
          "content-type": "text/html",
          "content-security-policy":
            `default-src 'none'; script-src ${api}; connect-src ${api}`,
        },
      },
    }],
  });
  await inChromium(site.url, async (page) => {
    await fetchAll(page, [`${api}/quick`], false);
    // Without a call: by the beacon of the interval.
    await page.waitForTimeout(1500);
    const load = await server.fetch(
      new Request(
        "http://localhost/_perfmock/exporters/correlation/pages/latest",
      ),
    );
    const { requests }: Load = await load.json();
    equal(requests.at(-1)?.route, "quick");
  });
});

test("14 fetches at once wait for six connections over HTTP/1.1: stall, not service", async () => {
  await using server = await serve();
  await inChromium(server.url, async (page) => {
    await fetchAll(page, urlsOf(14, (n) => `/slow?${n}`), true);
    const load = await loadOf(page, server);
    const stalls = phase(load, "slow", "stall");
    equal(stalls.length, 14);
    ok(stalls[5] < 60, `the first wave: ${stalls}`);
    ok(stalls[6] > 90, `the second: ${stalls}`);
    ok(stalls[12] > 190, `the third: ${stalls}`);
    const services = phase(load, "slow", "service");
    ok(services[7] < stalls[12], `the median service: ${services}`);
    ok(load.requests.every(({ protocol }) => protocol === "http/1.1"));
  });
});

test("the same over HTTP/2 has no stall", async () => {
  await using server = await serve({ server: { tls: "self-signed" } });
  await inChromium(server.url, async (page) => {
    await fetchAll(page, urlsOf(14, (n) => `/slow?${n}`), true);
    const load = await loadOf(page, server);
    const stalls = phase(load, "slow", "stall");
    equal(stalls.length, 14);
    ok(stalls[13] < 90, `stalls: ${stalls}`);
    equal(load.requests.at(-1)?.protocol, "h2");
  });
});

test("a page of another origin sends its beacons across", async () => {
  await using server = await createPerfmock({ routes: ROUTES });
  const api = server.url.origin;
  await using site = await createPerfmock({ routes: [pageRoute(api)] });
  await inChromium(site.url, async (page) => {
    await fetchAll(page, urlsOf(14, (n) => `${api}/slow?${n}`), true);
    const load = await loadOf(page, server);
    const stalls = phase(load, "slow", "stall");
    equal(stalls.length, 14);
    ok(stalls[5] < 60 && stalls[6] > 90 && stalls[12] > 190, `${stalls}`);
    equal(load.url, `${site.url}`);
  });
});

test("cached, aborted, redirected, failed and hidden requests are told apart", async () => {
  await using server = await createPerfmock({ routes: ROUTES });
  const api = server.url.origin;
  await using site = await createPerfmock({
    routes: [pageRoute(api), {
      path: "/reset",
      faults: [{ share: 1, action: "connection-reset" }],
    }],
  });
  await inChromium(site.url, async (page) => {
    await page.evaluate(async (api) => {
      const get = async (url: string, init?: RequestInit) => {
        await (await fetch(url, init)).text();
      };
      await get(`${api}/cached`);
      await get(`${api}/cached`);
      await get(`${api}/slow?aborted`, { signal: AbortSignal.timeout(30) })
        .catch(() => {});
      await get(`${api}/moved`);
      await get("/reset").catch(() => {});
      await get(`${api}/hidden`);
      await get(`${api}/nothing`);
    }, api);
    const load = await loadOf(page, server);
    const found = (path: string) =>
      load.requests.filter(({ url }) => url.endsWith(path))
        .map(({ route, unjoined }) => route ?? unjoined);
    deepEqual(
      load.requests.filter(({ url }) => url.endsWith("/cached"))
        .map(({ unjoined }) => unjoined),
      [null, "cached"],
    );
    deepEqual(found("/reset"), ["elsewhere"]);
    deepEqual(found("/hidden"), ["no_timing_allowed"]);
    deepEqual(found("/nothing"), ["no_trace"]);
    const aborted = found("/slow?aborted");
    ok(
      aborted.every((reason) =>
        ["no_response", "no_timing_allowed"].includes(reason ?? "")
      ),
      `${aborted}`,
    );
    const moved = load.requests.find(({ url }) => url.includes("mov"));
    equal(moved?.route, "quick");
    ok((moved?.phases?.redirect ?? 0) >= 30, JSON.stringify(moved));
  });
});

/** The page's part: a tracer of OpenTelemetry whose spans can be asked for. */
const TRACER = `
import { WebTracerProvider } from "npm:@opentelemetry/sdk-trace-web@2.2.0";
import { registerInstrumentations } from "npm:@opentelemetry/instrumentation@0.208.0";
import { FetchInstrumentation } from "npm:@opentelemetry/instrumentation-fetch@0.208.0";
globalThis.spans = [];
new WebTracerProvider({ spanProcessors: [{
  onStart() {},
  onEnd(span) { globalThis.spans.push(span.spanContext()); },
  forceFlush: async () => {},
  shutdown: async () => {},
}] }).register();
registerInstrumentations({ instrumentations: [new FetchInstrumentation()] });
`;

test("the trace ids of a page with OpenTelemetry come back", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(`${folder.path}/tracer.js`, TRACER);
  const bundled = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform", "browser", "tracer.js"],
    cwd: folder.path,
  }).output();
  ok(bundled.success, new TextDecoder().decode(bundled.stderr));
  await using server = await serve();
  await inChromium(server.url, async (page) => {
    await page.addScriptTag({
      content: new TextDecoder().decode(bundled.stdout),
      type: "module",
    });
    await page.waitForFunction(() => "spans" in globalThis);
    await fetchAll(page, urlsOf(3, (n) => `/quick?${n}`), false);
    const load = await loadOf(page, server);
    // A span ends some time after its request.
    await page.waitForFunction(() =>
      (globalThis as unknown as { spans: unknown[] }).spans.length >= 3
    );
    const spans = await page.evaluate(() =>
      (globalThis as unknown as {
        spans: { traceId: string; spanId: string }[];
      }).spans
    );
    const seen = load.requests.filter(({ route }) => route === "quick")
      .map(({ traceId }) => traceId ?? "");
    equal(seen.length, 3);
    for (const trace of seen) {
      match(trace, /^[0-9a-f]{32}$/);
      const [entry] = server.requests({ trace });
      const client = spans.find(({ traceId }) => traceId === trace);
      equal(entry.parentSpanId, client?.spanId);
    }
  });
});

test("the example's page waits for connections more than for queues", async () => {
  const folder = new URL("../../examples/correlation/", import.meta.url);
  const text = await Deno.readTextFile(new URL("perfmock.yaml", folder));
  await using server = await createPerfmock(parse(text), {
    folder: fileURLToPath(folder),
  });
  await inChromium(server.url, async (page) => {
    await page.waitForFunction("document.title === 'Shop: complete'");
    const load = await loadOf(page, server);
    const sum = (name: string) =>
      phase(load, "product", name).reduce((sum, value) => sum + value, 0);
    equal(phase(load, "product", "stall").length, 12);
    ok(sum("stall") > sum("queue"), `${sum("stall")}, ${sum("queue")}`);
    const svg = await drawSvg(
      waterfallOf({ time: "", ...load } as unknown as DrawnLoad),
    );
    for (const label of ["stall", "TTFB", "product /api/products/12"]) {
      ok(svg.includes(label), label);
    }
  });
});
