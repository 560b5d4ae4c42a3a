/**
 * Tests of clients, of configurations and of plugins:
 *
 * - {@linkcode createTestServer}: a server on virtual time, without a socket. A delay of an hour takes no real time and is exact
 * - {@linkcode createPluginServer}: the same with one plugin alone
 * - {@linkcode assertFollows}, {@linkcode assertWithinBudget}: recorded times against a distribution and against a budget. Both say
 *   which deviation so many values would have shown, and refuse too few
 * - {@linkcode assertNoUnexpected}: no request without a route
 * - {@linkcode assertMannered}: manners of a client that retries
 * - {@linkcode familySuite}, {@linkcode assertDistribution}: properties of every distribution family, also of a plugin's
 * - {@linkcode drawsOf}, {@linkcode assertSameDraws}: the draws of a run as a snapshot
 *
 * ```ts
 * import { createTestServer } from "@perfmock/perfmock/testing";
 *
 * await using server = await createTestServer({
 *   routes: [{ path: "/report", serviceTime: "1h", response: { text: "done" } }],
 * });
 * const { response, duration } = await server.request("/report");
 * console.assert(await response.text() === "done");
 * console.assert(duration === 3_600_000);
 * ```
 *
 * An assertion that does not hold throws an AssertionError, one that was called wrongly a PerfmockError.
 *
 * @module
 */
export {
  assertWithinBudget,
  type Budget,
  type BudgetLine,
  type BudgetOptions,
  type BudgetReport,
} from "./testing/budget.ts";
export {
  compileDistribution,
  type DistributionOptions,
} from "./testing/distribution.ts";
export {
  assertSameDraws,
  type DrawOptions,
  drawsOf,
  drawsOfRun,
} from "./testing/draws.ts";
export {
  assertDistribution,
  type FamilySuite,
  familySuite,
  type PropertyTest,
} from "./testing/family.ts";
export {
  assertFollows,
  compareTimes,
  type FitOptions,
  type FitReport,
  valuesNeeded,
} from "./testing/fit.ts";
export type { KsFigures, QuantileFigures } from "./testing/goodness.ts";
export {
  assertMannered,
  type ClientFigures,
  type Manners,
  refusedClients,
} from "./testing/manners.ts";
export {
  type ControlAnswer,
  createPluginServer,
  type PluginServer,
  type PluginServerOptions,
} from "./testing/plugin.ts";
export {
  assertNoUnexpected,
  type UnexpectedOptions,
} from "./testing/requests.ts";
export {
  createTestServer,
  type TestAnswer,
  type TestServer,
  type TestServerOptions,
} from "./testing/server.ts";
export type { Perfmock } from "./app.ts";
export type { PerfmockInput } from "./config/mod.ts";
export type { Distribution, Host, JournalEntry, Plugin } from "./plugin.ts";
export { VirtualClock } from "./lib/time/mod.ts";
