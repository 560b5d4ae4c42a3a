/**
 * Pages on which the number of connections, or of attempts, decides. Over HTTP/1.1 Chromium has six connections per origin.
 *
 * @module
 */
import {
  apiRoute,
  counts,
  DOCUMENT,
  documentRoute,
  HIDDEN,
  type SamplePage,
  SCALE,
  scaled,
} from "./sample_page.ts";

/** Number of connections that Chromium opens to an origin. */
const CONNECTIONS = 6;

/**
 * Time at which the last of some calls ends, all of which want to start at 0, in this order, over a few connections.
 *
 * @param calls duration of each, in ms
 * @param awaited true for those that count
 */
function lastEnd(
  calls: readonly { readonly ms: number; readonly awaited: boolean }[],
): number {
  const free = Array.from({ length: CONNECTIONS }, () => 0);
  let last = 0;
  for (const { ms, awaited } of calls) {
    const first = free.indexOf(Math.min(...free));
    free[first] += ms;
    if (awaited) last = Math.max(last, free[first]);
  }
  return last;
}

/** Calls of one length. */
function repeated(count: number, ms: number) {
  return Array.from({ length: count }, () => ({ ms, awaited: true }));
}

/** Route of several calls whose URLs differ, since the browser fetches one URL only once at a time. */
function manyRoute(id: string, ms: number) {
  return apiRoute(id, ms, { path: `/api/${id}/:n` });
}

const SIX = scaled({ session: 120, thumbnail: 160 });

/**
 * Eight calls of one length need two turns over six connections, so each ms of their route counts twice. `session` has one
 * connection in the first turn and is the first to end, so that one of them starts a little earlier; two more start with the second turn.
 */
export const sixConnections: SamplePage = {
  name: "six connections",
  graph: "page → (session, 8 × thumbnail) → thumbnails ready",
  figure: "measure:ready",
  routes: [
    documentRoute({
      script: `get("session");
Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((n) => get("thumbnail/" + n))).then(ready);`,
    }),
    apiRoute("session", SIX.session),
    manyRoute("thumbnail", SIX.thumbnail),
  ],
  times: { page: DOCUMENT, ...SIX },
  model: (t) =>
    t.page +
    lastEnd([{ ms: t.session, awaited: false }, ...repeated(8, t.thumbnail)]),
  truth: { thumbnail: counts(2), page: counts(1), session: HIDDEN },
};

const HELD = scaled({ report: 570, product: 400 });

/**
 * Nothing waits for `report`, but it keeps one of six connections busy. Eleven calls share the other five, in turns of 400 ms; after
 * two turns none of them is free for the eleventh, which gets the report's connection at 570 ms, in the middle of the second turn. So
 * each ms of the report counts, and each ms of `product` counts once, although there are two turns. It holds while the report ends
 * between the first and the second turn: by more than a step on the shorter side, and with 30 ms to spare if products take 300 ms.
 */
export const heldConnection: SamplePage = {
  name: "a call that nothing waits for holds a connection",
  graph: "page → report; page → 11 × product → ready, over six connections",
  figure: "measure:ready",
  routes: [
    documentRoute({
      script: `get("report");
Promise.all(Array.from({ length: 11 }, (_, n) => get("product/" + n))).then(ready);`,
    }),
    apiRoute("report", HELD.report),
    manyRoute("product", HELD.product),
  ],
  times: { page: DOCUMENT, ...HELD },
  model: (t) =>
    t.page +
    lastEnd([{ ms: t.report, awaited: false }, ...repeated(11, t.product)]),
  truth: { page: counts(1), report: counts(1), product: counts(1) },
};

/** Time between two attempts, in ms. */
const PAUSE = 30 * SCALE;

const RETRIED = scaled({ stock: 150, menu: 150 });

/**
 * The first two answers to each key are errors, after the response time, and the page tries again after a pause: three response times
 * in a row. With a step less, three times 50 ms and two pauses are still longer than the menu.
 */
export const retryLoop: SamplePage = {
  name: "retry loop",
  graph: "page → (stock, 30 ms, stock, 30 ms, stock; menu) → ready",
  figure: "measure:ready",
  routes: [
    documentRoute({
      script: `const key = crypto.randomUUID();
async function stock() {
  for (;;) {
    const response = await fetch("/api/stock", { headers: { "idempotency-key": key } });
    if (response.ok) return await response.json();
    await new Promise((resolve) => setTimeout(resolve, ${PAUSE}));
  }
}
Promise.all([stock(), get("menu")]).then(ready);`,
    }),
    apiRoute("stock", RETRIED.stock, {
      faults: [{ first: 2, per: "header:Idempotency-Key", status: 503 }],
    }),
    apiRoute("menu", RETRIED.menu),
  ],
  times: { page: DOCUMENT, ...RETRIED },
  model: (t) => t.page + Math.max(3 * t.stock + 2 * PAUSE, t.menu),
  truth: { stock: counts(3), page: counts(1), menu: HIDDEN },
};
