/**
 * All sample pages.
 *
 * @module
 */
import { heldConnection, retryLoop, sixConnections } from "./connections.ts";
import {
  blockingScript,
  firstPaint,
  lazyAfterLoad,
  siblings,
  siblingsInTurn,
} from "./documents.ts";
import type { SamplePage } from "./sample_page.ts";
import {
  chain,
  ignoring,
  parallelDifferent,
  parallelEqual,
  parallelNear,
  shop,
} from "./trees.ts";

export {
  type SamplePage,
  scaled,
  STEP,
  type Times,
  type Truth,
} from "./sample_page.ts";

/** Pages of the default run of the tests, which together take a few minutes. */
export const GATE_PAGES: readonly SamplePage[] = [
  lazyAfterLoad,
  sixConnections,
];

/** Sample pages, by what they show. */
export const SAMPLE_PAGES: readonly SamplePage[] = [
  chain,
  parallelDifferent,
  parallelEqual,
  parallelNear,
  lazyAfterLoad,
  blockingScript,
  firstPaint,
  retryLoop,
  sixConnections,
  heldConnection,
  siblings,
  siblingsInTurn,
  ignoring,
  shop,
];
