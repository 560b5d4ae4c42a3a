/**
 * Pages whose calls wait for one another, or run in parallel.
 *
 * @module
 */
import {
  apiRoutes,
  counts,
  DOCUMENT,
  documentRoute,
  HIDDEN,
  type SamplePage,
  SCALE,
  scaled,
} from "./sample_page.ts";

const CHAIN = scaled({ session: 150, cart: 150, prices: 150, visit: 200 });

/** Each call starts when the one before has ended, so each ms of each counts once. Nothing waits for `visit`. */
export const chain: SamplePage = {
  name: "chain",
  graph: "page → session → cart → prices → ready; page → visit",
  figure: "measure:ready",
  routes: [
    documentRoute({
      script: `get("visit");
get("session").then(() => get("cart")).then(() => get("prices")).then(ready);`,
    }),
    ...apiRoutes(CHAIN),
  ],
  times: { page: DOCUMENT, ...CHAIN },
  model: (t) => t.page + t.session + t.cart + t.prices,
  truth: {
    page: counts(1),
    session: counts(1),
    cart: counts(1),
    prices: counts(1),
    visit: HIDDEN,
  },
};

const DIFFERENT = scaled({ slow: 350, medium: 200, fast: 140 });

/**
 * The slowest of three calls decides. The next one needs 150 ms more to become the slowest, which is beyond the step; and so much
 * can be taken off the slowest before it is not the slowest any more.
 */
export const parallelDifferent: SamplePage = {
  name: "parallel calls of different length",
  graph: "page → (slow, medium, fast) → ready",
  figure: "measure:ready",
  routes: [
    documentRoute({
      script:
        `Promise.all([get("fast"), get("medium"), get("slow")]).then(ready);`,
    }),
    ...apiRoutes(DIFFERENT),
  ],
  times: { page: DOCUMENT, ...DIFFERENT },
  model: (t) => t.page + Math.max(t.slow, t.medium, t.fast),
  truth: {
    page: counts(1),
    slow: counts(1),
    medium: HIDDEN,
    fast: HIDDEN,
  },
};

const EQUAL = scaled({ left: 200, middle: 200, right: 200 });

/** Whichever of three equal calls gets slower, the page waits for it. Whichever gets faster, it waits for the other two. */
export const parallelEqual: SamplePage = {
  name: "parallel calls of equal length",
  graph: "page → (left, middle, right) → ready",
  figure: "measure:ready",
  routes: [
    documentRoute({
      script:
        `Promise.all([get("left"), get("middle"), get("right")]).then(ready);`,
    }),
    ...apiRoutes(EQUAL),
  ],
  times: { page: DOCUMENT, ...EQUAL },
  model: (t) => t.page + Math.max(t.left, t.middle, t.right),
  truth: {
    page: counts(1),
    left: { slope: 1, saved: 0 },
    middle: { slope: 1, saved: 0 },
    right: { slope: 1, saved: 0 },
  },
};

const NEAR = scaled({ slow: 300, near: 250 });

/**
 * The two differ by half of the step. So the first 50 ms that are added to `near` are hidden, and the next 50 ms are not; of the
 * 100 ms that are taken off `slow`, the first 50 ms are saved.
 */
export const parallelNear: SamplePage = {
  name: "parallel calls of nearly equal length",
  graph: "page → (slow, near) → ready",
  figure: "measure:ready",
  routes: [
    documentRoute({
      script: `Promise.all([get("near"), get("slow")]).then(ready);`,
    }),
    ...apiRoutes(NEAR),
  ],
  times: { page: DOCUMENT, ...NEAR },
  model: (t) => t.page + Math.max(t.slow, t.near),
  truth: {
    page: counts(1),
    slow: { slope: 1, saved: 0.5 },
    near: { slope: 0.5, saved: 0 },
  },
};

const SHOP = scaled({
  session: 150,
  cart: 280,
  menu: 140,
  profile: 130,
  prices: 260,
  stock: 140,
  analytics: 300,
  recommendations: 200,
});

/**
 * Two times a group of parallel calls whose slowest one is more than a step ahead of the others, after a session. Nothing waits for
 * `analytics` and `recommendations`. At most four calls are open at once, so no call waits for a connection.
 */
export const shop: SamplePage = {
  name: "shop",
  graph:
    "page → session → (cart, menu, profile) → (prices, stock) → ready; page → analytics; load → recommendations",
  figure: "measure:ready",
  routes: [
    documentRoute({
      script: `get("analytics");
addEventListener("load", () => setTimeout(() => get("recommendations")));
get("session")
  .then(() => Promise.all([get("menu"), get("profile"), get("cart")]))
  .then(() => Promise.all([get("stock"), get("prices")]))
  .then(ready);`,
    }),
    ...apiRoutes(SHOP),
  ],
  times: { page: DOCUMENT, ...SHOP },
  model: (t) =>
    t.page + t.session + Math.max(t.cart, t.menu, t.profile) +
    Math.max(t.prices, t.stock),
  truth: {
    page: counts(1),
    session: counts(1),
    cart: counts(1),
    prices: counts(1),
    menu: HIDDEN,
    profile: HIDDEN,
    stock: HIDDEN,
    analytics: HIDDEN,
    recommendations: HIDDEN,
  },
};

/** Time of the page's own, in ms. */
const OWN = 300 * SCALE;

const IGNORED = scaled({ news: 150, weather: 200, account: 250 });

/** The figure is a time of the page's own, from a mark in its script: no answer of the backend is waited for, not even the document. */
export const ignoring: SamplePage = {
  name: "a figure that ignores the backend",
  graph: "script → 300 ms → ready; script → news, weather, account",
  figure: "measure:own",
  routes: [
    documentRoute({
      script: `performance.mark("start");
for (const id of ["news", "weather", "account"]) get(id);
setTimeout(() => performance.measure("own", "start"), ${OWN});`,
    }),
    ...apiRoutes(IGNORED),
  ],
  times: { page: DOCUMENT, ...IGNORED },
  model: () => OWN,
  truth: {
    page: HIDDEN,
    news: HIDDEN,
    weather: HIDDEN,
    account: HIDDEN,
  },
};
