import { deepEqual, equal } from "node:assert/strict";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";
import {
  type BrowserRequest,
  PageRequests,
} from "../../../../plugins/bottleneck_finder/probes/page_requests.ts";

/** A request whose times the browser gives, or not. */
function request(
  url: string,
  { type = "fetch", start = -1, end = -1, method = "GET" } = {},
): BrowserRequest {
  return {
    url: () => url,
    method: () => method,
    resourceType: () => type,
    timing: () => ({
      startTime: start,
      domainLookupStart: -1,
      domainLookupEnd: -1,
      connectStart: -1,
      secureConnectionStart: -1,
      connectEnd: -1,
      requestStart: -1,
      responseStart: -1,
      responseEnd: end,
    }),
  };
}

/** Nothing is watched. */
function none(): Promise<void> {
  return Promise.resolve();
}

/** Runs until a promise settles; returns the time. */
async function timeOf(clock: VirtualClock, promise: Promise<void>) {
  let done = false;
  void promise.then(() => done = true);
  for (let i = 0; !done && i < 100; i++) {
    await Promise.resolve();
    await clock.yield();
    if (!done) clock.runNext();
  }
  return clock.now();
}

Deno.test("PageRequests.quiet() waits until the last request has ended and a time has passed", async () => {
  const clock = new VirtualClock(1000);
  const requests = new PageRequests(clock, [], none);
  const [a, b] = [request("http://a.test/a"), request("http://a.test/b")];
  requests.started(a);
  clock.at(1100, () => requests.started(b), undefined);
  clock.at(1200, () => requests.ended(a), undefined);
  clock.at(1300, () => requests.ended(b), undefined);
  const { signal } = new AbortController();
  equal(await timeOf(clock, requests.quiet(500, signal)), 1800);
  equal(requests.idle, 500);
});

Deno.test("PageRequests.quiet() begins again when a request starts meanwhile, and ends by a signal", async () => {
  const clock = new VirtualClock();
  const requests = new PageRequests(clock, [], none);
  const a = request("http://a.test/a", { method: "POST" });
  clock.at(400, () => requests.started(a), undefined);
  const ends = new AbortController();
  clock.at(9000, () => ends.abort(), undefined);
  equal(await timeOf(clock, requests.quiet(500, ends.signal)), 9000);
  deepEqual(requests.underWay, ["POST http://a.test/a"]);
  equal(requests.idle, 0);
});

Deno.test("a page settles without streams, beacons, media, ignored and local requests", async () => {
  const clock = new VirtualClock();
  const requests = new PageRequests(clock, [
    new URLPattern("http://*/poll/*"),
  ], none);
  requests.started(request("http://a.test/s", { type: "eventsource" }));
  requests.started(request("http://a.test/p", { type: "ping" }));
  requests.started(request("http://a.test/v", { type: "media" }));
  requests.started(request("http://a.test/poll/1"));
  requests.started(request("data:text/plain,1"));
  deepEqual(requests.underWay, []);
  const { signal } = new AbortController();
  equal(await timeOf(clock, requests.quiet(500, signal)), 500);
  equal(requests.seen(0).length, 4);
});

Deno.test("PageRequests.seen() has the browser's times where it gives them, else those of its events", () => {
  const clock = new VirtualClock(50);
  const requests = new PageRequests(clock, [], none);
  const document = request("http://a.test/#top", {
    type: "document",
    start: 5000,
    end: 30,
  });
  requests.started(document);
  clock.advance(35);
  requests.ended(document);
  const known = request("http://a.test/a", { start: 5040.5, end: 100 });
  const failed = request("http://a.test/b");
  const open = request("http://a.test/c");
  requests.started(failed);
  requests.started(known);
  requests.started(open);
  clock.advance(10);
  requests.ended(failed);
  requests.ended(failed);
  requests.ended(request("http://a.test/unknown"));
  clock.advance(200);
  requests.ended(known);
  deepEqual(
    requests.seen(2).map(({ url, startMs, endMs }) => [url, startMs, endMs]),
    [
      ["http://a.test/", 2, 32],
      ["http://a.test/b", 37, 47],
      ["http://a.test/c", 37, 247],
      ["http://a.test/a", 42.5, 142.5],
    ],
  );
  deepEqual(new PageRequests(clock, [], none).seen(0), []);
});

Deno.test("responses whose bodies are not read end a second after the last data; others are waited for", async () => {
  const clock = new VirtualClock();
  let watched = 0;
  const requests = new PageRequests(clock, [], () => {
    watched = clock.now();
    return Promise.resolve();
  });
  const unread = request("http://a.test/unread");
  const slow = request("http://a.test/slow");
  requests.started(unread);
  requests.started(slow);
  clock.at(100, () => requests.responded(unread), undefined);
  // Nothing is watched as long as a response is missing.
  clock.at(3000, () => requests.responded(slow), undefined);
  for (const time of [3900, 4800, 5700]) {
    clock.at(time, () => requests.data(), undefined);
  }
  clock.at(6000, () => requests.ended(slow), undefined);
  const { signal } = new AbortController();
  equal(await timeOf(clock, requests.quiet(500, signal)), 6700);
  equal(watched, 3500);
  deepEqual(requests.underWay, []);
  deepEqual(
    requests.seen(0).map(({ url, endMs }) => [url, endMs]),
    [["http://a.test/unread", 100], ["http://a.test/slow", 6000]],
  );
  requests.responded(request("http://a.test/unknown"));
});

Deno.test("PageRequests.repeated is the request that is made again and again, whatever its query", () => {
  const clock = new VirtualClock();
  const requests = new PageRequests(clock, [
    new URLPattern("http://*/ignored"),
  ], none);
  const make = (url: string) => {
    const made = request(url);
    requests.started(made);
    requests.ended(made);
  };
  make("http://a.test/once");
  for (let i = 0; i < 3; i++) make(`http://a.test/poll?time=${i}`);
  equal(requests.repeated, undefined);
  for (let i = 0; i < 9; i++) make("http://a.test/ignored");
  equal(requests.repeated, undefined);
  make("http://a.test/poll#end");
  equal(requests.repeated, "GET http://a.test/poll was made 4 times");
});

Deno.test("PageRequests.seen() has the status of an answer, where one came", () => {
  const requests = new PageRequests(new VirtualClock(), [], none);
  const [found, lost] = [
    request("http://a.test/a"),
    request("http://a.test/b"),
  ];
  requests.started(found);
  requests.started(lost);
  requests.responded(found, 404);
  deepEqual(requests.seen(0).map(({ status }) => status), [404, undefined]);
});
