import { deepEqual, equal, throws } from "node:assert/strict";
import {
  conditionsOf,
  factorsOf,
  type FactorSources,
} from "../../../../plugins/bottleneck_finder/runs/factors.ts";
import { PerfmockError } from "../../../../mod.ts";

const CDN = "https://cdn.example.com/*";

/** A page that calls two routes and another origin, and slows its processor. */
function sources(more: Partial<FactorSources["script"]> = {}): FactorSources {
  const request = (url: string, startMs: number, endMs: number) => ({
    url,
    method: "GET",
    startMs,
    endMs,
    type: "script",
  });
  return {
    script: {
      origins: new Map([[CDN, 100]]),
      perturbation: 100,
      probe: {
        kind: "page",
        url: "/",
        figure: "LCP",
        actions: undefined,
        timeout: 1,
        quiet: 1,
        ignore: [],
        cold: true,
        cpu: 4,
        executable: undefined,
      },
      routes: undefined,
      ...more,
    },
    look: {
      routes: [
        { id: "cart", calls: 2, responseTime: 70, shortest: 60 },
        { id: "real", calls: 1, responseTime: 300, shortest: 300 },
      ],
      loads: [{
        figure: 500,
        entries: [],
        requests: [
          request("https://cdn.example.com/a.js", 10, 50),
          request("https://cdn.example.com/b.js", 10, 70),
          request("http://localhost/cart", 10, 70),
        ],
      }],
      deviation: 1,
      loadTime: 1,
    },
    canShorten: (route) => route !== "real",
    delayOf: () => 0,
    url: undefined,
  };
}

Deno.test("factorsOf() makes a factor of each route, pattern and of the processor", () => {
  const { factors } = factorsOf(sources());
  deepEqual(
    factors.map(({ kind, id, added, taken, calls, responseTime }) => [
      kind,
      id,
      added,
      taken,
      calls,
      responseTime,
    ]),
    [
      ["route", "cart", 100, 60, 2, 70],
      ["route", "real", 100, 0, 1, 300],
      ["origin", CDN, 100, 0, 2, 50],
      ["cpu", "cpu", 300, 0, 0, null],
    ],
  );
});

Deno.test("conditionsOf() turns levels into shifts, floors above the seen time, and a factor of the processor", () => {
  const { factors } = factorsOf(sources());
  deepEqual(conditionsOf(factors, [-1, 1, 1, 1]), {
    shifts: new Map([["cart", -60], ["real", 100]]),
    floors: new Map([[CDN, 150]]),
    cpu: 4,
  });
  deepEqual(conditionsOf(factors, [0, 0, 0, 0]), {
    shifts: new Map(),
    floors: new Map(),
    cpu: 1,
  });
});

Deno.test("factorsOf() refuses a pattern that fits no request, and leaves out routes that are not called", () => {
  throws(
    () =>
      factorsOf(sources({ origins: new Map([["https://x.example/*", 1]]) })),
    (error) =>
      error instanceof PerfmockError &&
      error.issues[0].path === "/origins/https:~1~1x.example~1*" &&
      error.issues[0].allowed === "https://cdn.example.com, http://localhost",
  );
  const none = { delay: undefined, speedup: undefined };
  const { factors, notes } = factorsOf(
    sources({ routes: new Map([["cart", none], ["search", none]]) }),
  );
  deepEqual(factors.map(({ id }) => id), ["cart", CDN, "cpu"]);
  deepEqual(notes, ["The page did not call search: left out"]);
});

Deno.test("factorsOf() takes away the delay that a route has as configured, behind a proxy too", () => {
  const taken = (own: number) =>
    factorsOf({ ...sources(), delayOf: () => own }).factors.map(({ taken }) =>
      taken
    );
  deepEqual(taken(0), [60, 0, 0, 0]);
  deepEqual(taken(25), [85, 25, 0, 0]);
  deepEqual(taken(500), [100, 100, 0, 0]);
});

Deno.test("factorsOf() tells requests that match no route from those that went elsewhere", () => {
  const given = sources();
  const url = new URL("http://127.0.0.1:8080/");
  const message = (
    requests: readonly { readonly url: string; readonly status?: number }[],
    unmatched = 0,
  ) => {
    try {
      factorsOf({
        ...given,
        url,
        script: { ...given.script, origins: new Map() },
        look: {
          ...given.look,
          routes: [],
          loads: [{
            figure: 1,
            entries: [],
            unmatched,
            requests: requests.map((request) => ({
              method: "GET",
              startMs: 0,
              endMs: 1,
              type: "fetch",
              ...request,
            })),
          }],
        },
      });
    } catch (error) {
      if (error instanceof PerfmockError) return error.issues[0].message;
    }
    return "";
  };
  const page = { url: "http://localhost:5173/", status: 200 };
  equal(
    message([page, { url: "http://localhost:8080/crat", status: 404 }], 1),
    "Its requests reached perfmock, but match no route: GET /crat (404)",
  );
  equal(
    message([], 3),
    "Its requests reached perfmock, but match no route: 3 requests in 1 load",
  );
  equal(
    message([page], 1),
    "None of its requests reached perfmock; they went to http://localhost:5173",
  );
  equal(message([]), "None of its requests reached perfmock");
});
