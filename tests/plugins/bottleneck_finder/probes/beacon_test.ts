import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";
import { createTestServer } from "../../../../core/testing.ts";
import {
  type BeaconOptions,
  beaconProbe,
  PAGE_REPORTS,
  type PageReport,
  type PageReports,
} from "../../../../plugins/bottleneck_finder/probes/beacon.ts";
import type { Loaded } from "../../../../plugins/bottleneck_finder/probes/probe.ts";
import { plugin } from "../../../support/plugins.ts";

const PLAIN = { cpu: 1, floors: new Map<string, number>() };

/** Reports that a test sends, on a clock. */
class Sender implements PageReports {
  readonly clock: VirtualClock = new VirtualClock(1000);
  readonly #listeners = new Set<(report: PageReport) => void>();

  listen(listen: (report: PageReport) => void): () => void {
    this.#listeners.add(listen);
    return () => void this.#listeners.delete(listen);
  }

  /** Sends a report at a time. */
  at(time: number, report: Partial<PageReport>): void {
    this.clock.at(time, () => {
      for (const listen of this.#listeners) {
        listen({
          page: "one",
          url: "http://shop.test/",
          began: 1100,
          figures: { TTFB: 10, LCP: 300, CLS: 0.1 },
          requests: [],
          ...report,
        });
      }
    }, undefined);
  }

  /** Answer of a probe, and the time of it. */
  async load(options: Partial<BeaconOptions> = {}): Promise<[Loaded, number]> {
    const probe = beaconProbe({ figure: "LCP", ...options }, {
      clock: this.clock,
      reports: this,
    });
    await probe.start();
    const loading = probe.load({
      ...PLAIN,
      signal: new AbortController().signal,
    });
    let done = false;
    void loading.then(() => done = true);
    for (let i = 0; !done && i < 1000; i++) {
      await this.clock.yield();
      if (!done) this.clock.runNext();
    }
    equal(this.#listeners.size, 0);
    return [await loading, this.clock.now()];
  }
}

Deno.test("the latest figure of the next load counts once nothing more is reported", async () => {
  const sender = new Sender();
  sender.at(1050, { page: "zero", began: 999 });
  sender.at(2000, { figures: { TTFB: 10 } });
  sender.at(2500, {});
  sender.at(2600, { page: "two", figures: { LCP: 1 } });
  sender.at(4000, {
    figures: { TTFB: 10, LCP: 1700, CLS: 0.1 },
    requests: [{
      url: "http://shop.test/api",
      method: "POST",
      initiator: "fetch",
      startMs: 5,
      totalMs: 90,
    }],
  });
  deepEqual(await sender.load(), [{
    figure: 1700,
    figures: { TTFB: 10, LCP: 1700 },
    requests: [{
      url: "http://shop.test/api",
      method: "POST",
      startMs: 5,
      endMs: 95,
      type: "fetch",
    }],
  }, 6500]);
});

Deno.test("a load that is not reported, or without its figure, says why", async () => {
  const cases: readonly (readonly [
    Partial<BeaconOptions>,
    Partial<PageReport> | undefined,
    RegExp,
  ])[] = [
    [
      {},
      undefined,
      /^No page load was reported within 2 min|within 120 s: does/,
    ],
    [
      { timeout: 5000 },
      { began: 900 },
      /^No page load was reported within 5 s: http:\/\/shop\.test\/ was reported, but its load began too early$/,
    ],
    [
      { timeout: 5000 },
      { began: undefined },
      /was reported, without a request to this server$/,
    ],
    [
      { timeout: 5000, url: "http://shop.test/cart" },
      {},
      /: http:\/\/shop\.test\/ was reported$/,
    ],
    [
      { timeout: 5000, figure: "INP" },
      {},
      /^http:\/\/shop\.test\/ sent no INP within 5 s: it sent TTFB, LCP, CLS$/,
    ],
    [
      { timeout: 5000 },
      { figures: {} },
      /it sent no figure$/,
    ],
  ];
  for (const [options, report, reason] of cases) {
    const sender = new Sender();
    if (report !== undefined) sender.at(2000, report);
    const [loaded] = await sender.load(options);
    match("failure" in loaded ? loaded.failure : "", reason);
  }
});

Deno.test("a load ends with its signal and with the probe", async () => {
  const sender = new Sender();
  const probe = beaconProbe({ figure: "LCP" }, {
    clock: sender.clock,
    reports: sender,
  });
  const ends = new AbortController();
  const first = probe.load({ ...PLAIN, signal: ends.signal });
  ends.abort();
  deepEqual(await first, { failure: "The load was interrupted" });
  const second = probe.load({ ...PLAIN, signal: new AbortController().signal });
  await probe[Symbol.asyncDispose]();
  deepEqual(await second, { failure: "The load was interrupted" });
  equal(sender.clock.pending, 0);
});

Deno.test("figures that pages do not send, a correlation that is off, and conditions that need a page are refused", async () => {
  const clock = new VirtualClock();
  for (const figure of ["CLS", "measure:x", "lcp"]) {
    throws(() => beaconProbe({ figure }, { clock, reports: undefined }), {
      code: "ARGUMENT_INVALID",
      message:
        `Cannot wait for the figure ${figure}: pages send LCP, INP, TTFB, FCP`,
    });
  }
  const off = beaconProbe({ figure: "LCP" }, { clock, reports: undefined });
  await rejects(off.start(), { code: "PROBE_UNAVAILABLE" });
  const { signal } = new AbortController();
  deepEqual(await off.load({ ...PLAIN, signal }), {
    failure: "The correlation is off",
  });
  const slowed = await off.load({ ...PLAIN, cpu: 4, signal });
  match("failure" in slowed ? slowed.failure : "", /cannot be slowed/);
});

Deno.test("the plugin exporters reports loads under the key, with the start of the navigation and the methods of joined requests", async () => {
  let reports: PageReports | undefined;
  const listener = plugin("listener", {}, {
    scope: "server",
    requires: ["exporters"],
    setup(host) {
      reports = host.find(PAGE_REPORTS);
      return {};
    },
  });
  await using server = await createTestServer({
    routes: [{ path: "/api", method: "POST", serviceTime: "10ms" }],
  }, { plugins: [listener] });
  const seen: PageReport[] = [];
  const stop = reports?.listen((report) => seen.push(report));
  server.clock.advance(5000);
  const { response } = await server.request("/api", { method: "POST" });
  const traceparent = /traceparent;desc="([^"]+)"/.exec(
    response.headers.get("server-timing") ?? "",
  )?.[1];
  const beacon = (page: string, more: Record<string, unknown>) =>
    server.request("/_perfmock/exporters/correlation", {
      method: "POST",
      body: JSON.stringify({ page, url: "http://shop.test/", ...more }),
    });
  const request = {
    url: "http://localhost/api",
    initiator: "fetch",
    startTime: 190,
    fetchStart: 190,
    requestStart: 200,
    responseStart: 211,
    responseEnd: 212,
    transferSize: 300,
    traceparent,
  };
  await beacon("page-0001", {});
  await beacon("page-0001", { requests: [request] });
  stop?.();
  await beacon("page-0001", { requests: [request] });
  equal(seen.length, 2);
  deepEqual([seen[0].began, seen[0].requests], [undefined, []]);
  const [{ method, startMs, totalMs }] = seen[1].requests;
  deepEqual([method, startMs, totalMs], ["POST", 190, 22]);
  // Times of arrival have whole milliseconds.
  equal(Math.abs((seen[1].began ?? 0) - 4800) <= 1, true, `${seen[1].began}`);
});
