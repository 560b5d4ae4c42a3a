/**
 * Pages whose figure depends on scripts, on what is painted, and on the processor.
 *
 * @module
 */
import type { RouteInput } from "../../../mod.ts";
import {
  apiRoutes,
  assetRoute,
  counts,
  DOCUMENT,
  documentRoute,
  HIDDEN,
  type SamplePage,
  SCALE,
  scaled,
  STEP,
} from "./sample_page.ts";

const SCRIPT_TIMES = scaled({ vendor: 260, widgets: 130, tracking: 300 });

const SCRIPTS = Object.entries(SCRIPT_TIMES).map(([id, ms]) =>
  assetRoute(id, ms, `/${id}.js`, "text/javascript", `var ${id} = 1;`)
);

const DATA = scaled({ data: 150 });

const SCRIPT_PAGE = {
  head: `<script src="/vendor.js"></script>
<script src="/widgets.js"></script>
<script async src="/tracking.js"></script>`,
  script: `get("data").then(ready);`,
};

/**
 * Two scripts block the parser. The browser loads them at the same time, so the longer one decides, by more than a step; the script
 * that calls `data` runs after them. Nothing waits for the script with `async`.
 */
export const blockingScript: SamplePage = {
  name: "a blocking script",
  graph: "page → (vendor, widgets) → data → ready; page → tracking",
  figure: "measure:ready",
  routes: [documentRoute(SCRIPT_PAGE), ...SCRIPTS, ...apiRoutes(DATA)],
  times: { page: DOCUMENT, ...SCRIPT_TIMES, ...DATA },
  model: (t) => t.page + Math.max(t.vendor, t.widgets) + t.data,
  truth: {
    page: counts(1),
    vendor: counts(1),
    data: counts(1),
    widgets: HIDDEN,
    tracking: HIDDEN,
  },
};

/** The same page's first paint, which `data` comes after. */
export const firstPaint: SamplePage = {
  ...blockingScript,
  name: "first paint after a blocking script",
  graph: "page → (vendor, widgets) → first paint → data; page → tracking",
  figure: "FCP",
  model: (t) => t.page + Math.max(t.vendor, t.widgets),
  truth: {
    page: counts(1),
    vendor: counts(1),
    data: HIDDEN,
    widgets: HIDDEN,
    tracking: HIDDEN,
  },
};

/** Picture with so much detail that Chromium counts it as content, in SVG. */
function picture(): string {
  const dots = Array.from(
    { length: 200 },
    (_, n) =>
      `<circle cx="${(n * 97) % 640}" cy="${(n * 61) % 400}" r="${
        3 + n % 17
      }"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="400">${
    dots.join("")
  }</svg>`;
}

const HERO = scaled({ hero: 150 });

const LAZY = scaled({ home: 150, menu: 150, reviews: 200 });

/**
 * The largest picture's address comes with `home`. `menu` adds small text, and `reviews` are fetched after the load event: the
 * largest content waits for neither.
 */
export const lazyAfterLoad: SamplePage = {
  name: "lazy after load",
  graph: "page → home → hero → largest paint; page → menu; load → reviews",
  figure: "LCP",
  routes: [
    documentRoute({
      body: `<p id="menu"></p><div id="hero"></div><p id="reviews"></p>`,
      script:
        `const put = (id) => get(id).then(() => document.getElementById(id).textContent = id);
put("menu");
get("home").then(() => {
  const image = new Image(640, 400);
  image.src = "/hero.svg";
  document.getElementById("hero").append(image);
});
addEventListener("load", () => setTimeout(() => put("reviews")));`,
    }),
    assetRoute("hero", HERO.hero, "/hero.svg", "image/svg+xml", picture()),
    ...apiRoutes(LAZY),
  ],
  times: { page: DOCUMENT, ...HERO, ...LAZY },
  model: (t) => t.page + t.home + t.hero,
  truth: {
    page: counts(1),
    home: counts(1),
    hero: counts(1),
    menu: HIDDEN,
    reviews: HIDDEN,
  },
};

/** Turns of the loop that stands for the work on the answer of `details`. */
const TURNS = 12_000_000 * SCALE;

/** Time that the loop takes on a present processor, in ms. Half as much and twice as much give the same truths. */
const WORK = 35 * SCALE;

/** Factor by which the processor is slowed. */
const SLOW = 15;

const SIBLINGS = scaled({ list: 300, details: 120 });

/** Document whose script works on one of two answers, on its only thread, before it looks at the other. */
function siblingsPage(turns: number): RouteInput {
  return documentRoute({
    script: `function render() {
  let sum = 1;
  for (let turn = 0; turn < ${turns}; turn++) sum = (sum * 31 + turn) | 0;
  document.title = String(sum);
}
Promise.all([get("details").then(render), get("list")]).then(ready);`,
  });
}

/**
 * Two parallel calls: `details` and the work on its answer end before `list`, by more than a step. On a slow processor, the answer of
 * `list` arrives in the middle of that work, so that `details` decides and `list` is hidden: with the slow processor a step of
 * `details` costs a step more than without, one of `list` a step less.
 */
export const siblings: SamplePage = {
  name: "siblings that turn sequential on a slow processor",
  graph: "page → (details → work, list) → ready",
  figure: "measure:ready",
  cpu: SLOW,
  routes: [siblingsPage(TURNS), ...apiRoutes(SIBLINGS)],
  times: { page: DOCUMENT, ...SIBLINGS },
  model: (t, cpu = 1) => t.page + Math.max(t.details + cpu * WORK, t.list),
  truth: { page: counts(1), list: counts(1), details: HIDDEN },
  interactions: { details: STEP, list: -STEP },
};

/** The same siblings with so much work that they are sequential on a processor of any speed. */
export const siblingsInTurn: SamplePage = {
  name: "siblings that a busy thread makes sequential",
  graph: "page → details → work → ready; page → list, hidden by the work",
  figure: "measure:ready",
  routes: [siblingsPage(SLOW * TURNS), ...apiRoutes(SIBLINGS)],
  times: { page: DOCUMENT, ...SIBLINGS },
  model: (t) => t.page + Math.max(t.details + SLOW * WORK, t.list),
  truth: { page: counts(1), details: counts(1), list: HIDDEN },
};
