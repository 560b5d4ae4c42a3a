import { deepEqual, equal } from "node:assert/strict";
import { VirtualClock } from "../../../../core/lib/time/mod.ts";
import { PageRequests } from "../../../../plugins/bottleneck_finder/probes/page_requests.ts";
import {
  type Look,
  Settler,
} from "../../../../plugins/bottleneck_finder/probes/settling.ts";

const SETTLED: Look = {
  complete: true,
  idle: 9999,
  fetchStart: 0,
  figures: { LCP: 100 },
  seen: [],
};

/** A page that answers as a function says, on a clock of its own. */
function page(answer: (time: number) => Partial<Look> | undefined) {
  const clock = new VirtualClock();
  const ends = new AbortController();
  const requests = new PageRequests(clock, [], () => Promise.resolve());
  let looks = 0;
  const settler = new Settler({
    clock,
    requests,
    quiet: 500,
    signal: ends.signal,
    look: () => {
      looks++;
      const look = answer(clock.now());
      return Promise.resolve(
        look === undefined ? undefined : { ...SETTLED, ...look },
      );
    },
    missing: ({ figures }) => figures.LCP === undefined ? "its LCP" : undefined,
  });
  return {
    clock,
    ends,
    requests,
    settler,
    looks: () => looks,
    /** Runs until the page has settled; returns the answer and the time. */
    async settle(): Promise<[Look | undefined, number]> {
      let done = false;
      const settling = settler.settle().finally(() => done = true);
      for (let i = 0; !done && i < 1000; i++) {
        await clock.yield();
        if (!done) clock.runNext();
      }
      return [await settling, clock.now()];
    },
  };
}

Deno.test("a page that is quiet is asked once", async () => {
  const quiet = page(() => ({}));
  deepEqual(await quiet.settle(), [SETTLED, 500]);
  equal(quiet.looks(), 1);
});

Deno.test("new contents or long tasks prolong the wait by exactly what is missing", async () => {
  // The latest content was at 400 ms.
  const late = page((time) => ({ idle: time - 400 }));
  const [look, time] = await late.settle();
  equal(look?.idle, 500);
  equal(time, 900);
  equal(late.looks(), 2);
});

Deno.test("a request that starts while the page is asked prolongs the wait", async () => {
  const busy = page((time) => {
    if (time === 500) {
      const request = {
        url: () => "http://a.test/",
        method: () => "GET",
        resourceType: () => "fetch",
        timing: () => ({ startTime: -1, responseEnd: -1 }) as never,
      };
      busy.requests.started(request);
      busy.clock.at(700, () => busy.requests.ended(request), undefined);
    }
    return {};
  });
  equal((await busy.settle())[1], 1200);
});

Deno.test("a page waits for its document, its end and its figure, and says so", async () => {
  const steps: readonly (readonly [
    (time: number) => Partial<Look> | undefined,
    string,
  ])[] = [
    [(time) => time < 2000 ? undefined : {}, "its document to begin"],
    [(time) => ({ complete: time >= 2000 }), "the end of its document"],
    [(time) => ({ figures: time < 2000 ? {} : { LCP: 1 } }), "its LCP"],
  ];
  for (const [answer, waiting] of steps) {
    const slow = page(answer);
    const waits = new Set<string>();
    slow.clock.at(1999, () => waits.add(slow.settler.waiting), undefined);
    const [look, time] = await slow.settle();
    equal(look?.complete, true);
    equal(time >= 2000 && time <= 2100, true, `${time}`);
    deepEqual([...waits], [waiting]);
  }
});

Deno.test("an error of the page's script ends the wait", async () => {
  const wrong = page(() => ({ error: "## is no CSS selector", figures: {} }));
  equal((await wrong.settle())[0]?.error, "## is no CSS selector");
});

Deno.test("a signal ends the wait; the requests under way are named", async () => {
  const stuck = page(() => ({}));
  for (let i = 0; i < 5; i++) {
    stuck.requests.started({
      url: () => `http://a.test/${i}`,
      method: () => "GET",
      resourceType: () => "fetch",
      timing: () => ({ startTime: -1, responseEnd: -1 }) as never,
    });
  }
  let waiting = "";
  stuck.clock.at(3000, () => {
    waiting = stuck.settler.waiting;
    stuck.ends.abort();
  }, undefined);
  deepEqual(await stuck.settle(), [undefined, 3000]);
  equal(
    waiting,
    "GET http://a.test/0, GET http://a.test/1, GET http://a.test/2 and 2 more requests",
  );
  equal(stuck.clock.pending, 0);
});

Deno.test("a page that asks for the same without end is told, with the request", async () => {
  const polling = page(() => ({}));
  const poll = () => {
    const request = {
      url: () => "http://a.test/poll",
      method: () => "GET",
      resourceType: () => "fetch",
      timing: () => ({ startTime: -1, responseEnd: -1 }) as never,
    };
    polling.requests.started(request);
    polling.clock.at(
      polling.clock.now() + 50,
      () => polling.requests.ended(request),
      undefined,
    );
    polling.clock.at(polling.clock.now() + 300, poll, undefined);
  };
  poll();
  const waiting: string[] = [];
  for (const time of [450, 2060, 2110]) {
    polling.clock.at(time, () => {
      waiting.push(polling.settler.waiting);
      if (time > 2100) polling.ends.abort();
    }, undefined);
  }
  equal((await polling.settle())[0], undefined);
  deepEqual(waiting, [
    "its network to be quiet",
    "its network to be quiet: GET http://a.test/poll was made 7 times; ignore it, if it has no end",
    "GET http://a.test/poll; GET http://a.test/poll was made 8 times",
  ]);
});
