import { deepEqual, equal, ok } from "node:assert/strict";
import fc from "fast-check";
import { createPerfmock } from "../../../../mod.ts";

const URL_ = "http://localhost/_perfmock/exporters/correlation";

const TIMES = [
  "startTime",
  "redirectEnd",
  "workerStart",
  "fetchStart",
  "domainLookupStart",
  "domainLookupEnd",
  "connectStart",
  "connectEnd",
  "requestStart",
  "responseStart",
  "responseEnd",
];

type Json = Record<string, unknown>;

/** A beacon that is accepted. */
function valid(): Json {
  return {
    page: "page-0001",
    url: "http://localhost:3000/",
    requests: [{
      url: "http://localhost/a",
      initiator: "fetch",
      protocol: "h2",
      ...Object.fromEntries(TIMES.map((time, i) => [time, i])),
      transferSize: 300,
      decodedBodySize: 0,
      status: 200,
      delivery: "",
      traceparent: "",
    }],
    figures: {
      LCP: { value: 1, rating: "good", attribution: { target: "h1", time: 5 } },
    },
    dropped: 0,
  };
}

/** Values that no place of a beacon takes, except the list and the object where one belongs. */
const WRONG: fc.Arbitrary<unknown> = fc.constantFrom(
  null,
  true,
  -1,
  -1e300,
  "x".repeat(3000),
  "",
  [[]],
  { "": { "": 1 } },
);

/** Places of a beacon, as JSON Pointers. */
const PLACES: readonly string[] = [
  "/page",
  "/url",
  "/dropped",
  "/requests",
  "/figures",
  "/requests/0",
  "/figures/LCP",
  "/figures/LCP/value",
  "/figures/LCP/attribution",
  "/figures/LCP/attribution/target",
  ...[...TIMES, "url", "transferSize", "decodedBodySize", "status"].map((
    name,
  ) => `/requests/0/${name}`),
];

/** True where a value of {@linkcode WRONG} is right after all. */
function isRight(place: string, value: unknown): boolean {
  return /attribution\/target$/.test(place) &&
    (value === "" || typeof value === "number");
}

function put(root: Json, place: string, value: unknown): void {
  const keys = place.slice(1).split("/");
  const last = keys.pop() ?? "";
  let at = root;
  for (const key of keys) at = at[key] as Json;
  at[last] = value;
}

function server() {
  return createPerfmock({
    routes: [{ path: "/a" }],
    plugins: { exporters: { correlation: { rate: 100_000 } } },
  }, { listen: false });
}

function post(
  { fetch }: { fetch(request: Request): Response | Promise<Response> },
  body: BodyInit,
): Promise<Response> {
  return Promise.resolve(fetch(new Request(URL_, { method: "POST", body })));
}

Deno.test("a beacon with wrong values is a 400 that names every one of them", async () => {
  await using perfmock = await server();
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc.record({ place: fc.constantFrom(...PLACES), value: WRONG }),
        { minLength: 1, maxLength: 4, selector: ({ place }) => place },
      ),
      async (edits) => {
        const beacon = valid();
        // A place within another that is replaced does not exist.
        const wrong = edits.filter(({ place, value }) =>
          !isRight(place, value) &&
          edits.every((other) =>
            other.place === place || !place.startsWith(`${other.place}/`)
          )
        );
        for (const { place, value } of wrong) put(beacon, place, value);
        const answer = await post(perfmock, JSON.stringify(beacon));
        const { issues = [] } = await answer.json();
        equal(answer.status, wrong.length === 0 ? 200 : 400);
        for (const { place } of wrong) {
          ok(
            issues.some(({ path }: { path: string }) => path.startsWith(place)),
            `${place} is not among ${JSON.stringify(issues)}`,
          );
        }
      },
    ),
    { numRuns: 150, seed: 19 },
  );
});

Deno.test("no body is a fault of the server's: any JSON and any bytes are answered with 200, 400 or 413", async () => {
  await using perfmock = await server();
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.json(),
        fc.string(),
        fc.uint8Array({ maxLength: 300 }).map((bytes) => bytes.slice()),
        fc.object({ key: fc.constantFrom("page", "url", "__proto__", "x") })
          .map((more) => JSON.stringify({ ...valid(), ...more })),
      ),
      async (body) => {
        const answer = await post(perfmock, body);
        await answer.body?.cancel();
        statuses.add(answer.status);
        ok([200, 400, 413].includes(answer.status), `${answer.status}`);
      },
    ),
    { numRuns: 150, seed: 19 },
  );
  ok(statuses.has(400));
});

Deno.test("keys of prototypes are keys like others, and change nothing", async () => {
  await using perfmock = await server();
  const before = Object.keys(Object.prototype);
  const text = JSON.stringify(valid()).replace(
    `"target"`,
    `"__proto__":1,"constructor":"c","toString":2,"target"`,
  ).replace(`"LCP"`, `"__proto__":{"value":1},"LCP"`)
    .replace(`"dropped"`, `"__proto__":{"dropped":7},"dropped"`);
  const answer = await post(perfmock, text);
  equal(answer.status, 200, await answer.text());
  const load = await (await perfmock.fetch(
    new Request(`${URL_}/pages/latest`),
  )).json();
  deepEqual(load.figures.LCP.attribution, {
    constructor: "c",
    toString: 2,
    target: "h1",
    time: 5,
  });
  deepEqual([Object.keys(load.figures), load.dropped], [["LCP"], 0]);
  deepEqual(Object.keys(Object.prototype), before);
});

Deno.test("a number that is too large for JSON's reader is named, not recorded", async () => {
  await using perfmock = await server();
  const text = JSON.stringify(valid()).replace(
    `"responseEnd":10`,
    `"responseEnd":1e999`,
  );
  const answer = await post(perfmock, text);
  const { issues } = await answer.json();
  deepEqual([answer.status, issues[0].path], [400, "/requests/0/responseEnd"]);
});

Deno.test("a body without an end is refused once it is too large", async () => {
  await using perfmock = await server();
  let sent = 0;
  let cancelled = false;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      sent += 16_384;
      controller.enqueue(new Uint8Array(16_384));
    },
    cancel() {
      cancelled = true;
    },
  });
  const answer = await post(perfmock, endless);
  await answer.body?.cancel();
  deepEqual([answer.status, cancelled], [413, true]);
  ok(sent < 300_000, `${sent} bytes were read`);
});

Deno.test("a beacon that is wrong in thousands of places is answered with the first of them and a number", async () => {
  await using perfmock = await server();
  const keys = Array.from({ length: 9000 }, (_, n) => [`k${n}`, null]);
  const parts = {
    ...valid(),
    figures: { LCP: { value: 1, attribution: Object.fromEntries(keys) } },
  };
  const answer = await post(perfmock, JSON.stringify(parts));
  const { issues } = await answer.json();
  equal(answer.status, 400);
  deepEqual(
    issues.map(({ path, message }: { path: string; message: string }) => [
      path,
      message,
    ]),
    [["/figures/LCP/attribution", "Must have at most 64 keys"]],
  );
  const wrong = Object.fromEntries(TIMES.map((time) => [time, null]));
  const requests = Array.from({ length: 250 }, () => wrong);
  const wide = await post(perfmock, JSON.stringify({ ...valid(), requests }));
  const { issues: many } = await wide.json();
  equal(wide.status, 400);
  ok(many.length > 100 && many.length < 1002, `${many.length} issues`);
});
