/**
 * Contract between perfmock and its plugins, including the built-in ones: types, and the few values that a plugin needs.
 *
 * A distribution family is one file, which `perfmock.plugins` in deno.json names. The family then works wherever a built-in
 * one does:
 *
 * ```ts
 * import { definePlugin, type Plugin } from "@perfmock/perfmock/plugin";
 *
 * const plugin: Plugin = definePlugin({
 *   name: "rayleigh",
 *   version: "1.0.0",
 *   contributes: {
 *     families: [{
 *       name: "rayleigh",
 *       parameters: ({ z, duration }) => z.strictObject({ sigma: duration({ above: 0 }) }),
 *       create: ({ sigma }: { sigma: number }) => ({
 *         quantile: (u) => sigma * Math.sqrt(-2 * Math.log1p(-u)),
 *       }),
 *     }],
 *   },
 * });
 * export default plugin;
 * ```
 *
 * A plugin with options, a route key, a metric, a dial, a hook and a control call. The schemas give `limit`, `extraDelay` and
 * `body` their types:
 *
 * ```ts
 * import { definePlugin, type Dial, endpoint, type Plugin } from "@perfmock/perfmock/plugin";
 *
 * const plugin: Plugin = definePlugin({
 *   name: "extra_delay",
 *   version: "1.0.0",
 *   options: ({ z, duration }) => z.strictObject({ limit: duration().default(1000) }),
 *   routeKeys: ({ duration }) => ({ extraDelay: duration().optional() }),
 *   setup({ kit, metrics }, { limit }) {
 *     let factor = 1;
 *     const delayed = metrics.counter({ name: "extra_delay_total", help: "Delayed requests" }).series();
 *     return {
 *       route(_route, { extraDelay }) {
 *         if (extraDelay === undefined) return undefined;
 *         let delay = extraDelay;
 *         const dial: Dial<number> = {
 *           type: kit.duration(),
 *           turn: (value = extraDelay) => void (delay = value),
 *         };
 *         return {
 *           dials: { extraDelay: dial },
 *           degrade() {
 *             delayed.add();
 *             return Math.min(factor * delay, limit);
 *           },
 *         };
 *       },
 *       control: [endpoint({
 *         method: "PUT",
 *         path: "/factor",
 *         summary: "Set the factor that multiplies each extra delay",
 *         body: kit.z.strictObject({ factor: kit.number({ min: 0 }) }),
 *         handle({ body }) {
 *           factor = body.factor;
 *           return { factor };
 *         },
 *       })],
 *     };
 *   },
 * });
 * export default plugin;
 * ```
 *
 * @module
 */
import type { Endpoint } from "./contract/control.ts";
import type { Plugin } from "./contract/plugin.ts";

export type * from "./contract/plugin.ts";
export type * from "./contract/control.ts";
export type * from "./contract/exchange.ts";
export type * from "./contract/journal.ts";
export type * from "./contract/metrics.ts";
export type * from "./contract/shared.ts";
export type * from "./contract/values.ts";
export { schemaDocument } from "./config/json_schema.ts";
export { validate, type Validation } from "./config/validate.ts";
export {
  type ErrorCode,
  type Issue,
  PerfmockError,
  type PerfmockErrorOptions,
} from "./errors.ts";
export { agreed, isOfAll } from "./lib/agreement.ts";
export { boundedKey, ByteMap, ENTRY_BYTES } from "./lib/bounded.ts";
export {
  type HarEntry,
  ofHosts,
  OTHER_HOST,
  PageHosts,
  pathOf,
  type SentRequest,
  sentRequest,
  textOf,
} from "./lib/har.ts";
export { Histogram, type HistogramData } from "./lib/histogram.ts";
export { KNOWN_METHODS } from "./lib/http.ts";
export { type Omission, Omissions } from "./lib/omissions.ts";
export { toPointer } from "./lib/pointer.ts";
export { isPart } from "./lib/replica_call.ts";
export {
  digamma,
  logGamma,
  stirlingError,
  trigamma,
} from "./lib/special/gamma.ts";
export {
  normalCdf,
  normalDensity,
  normalQuantile,
} from "./lib/special/normal.ts";
export { atOnce, wallTime } from "./lib/time/mod.ts";
export {
  parseTraceparent,
  spanId,
  TraceIds,
  type TraceParent,
} from "./lib/trace.ts";
export {
  checkFile,
  FileError,
  type FileLimits,
  type LineLimits,
  linesOf,
  partsOf,
  readTextSync,
  TABLE_LIMITS,
  TIMES_LIMITS,
} from "./lib/read_file.ts";
export { type TableKind, tableOf, withTables } from "./lib/tables.ts";
export {
  type LoggedRequest,
  loggedRequest,
  loggedTime,
  targetOf,
} from "./lib/request_line.ts";
export { TurnList } from "./lib/turn_list.ts";
export {
  MOST_REPLICAS,
  parseSegment,
  type Segment,
  segmentText,
  shareOf,
  takes,
  WHOLE,
} from "./scale/segment.ts";

/**
 * Infers the types of a plugin from its schemas: `setup` receives the options that `options` parses, and `route` the keys that
 * `routeKeys` parses.
 *
 * Annotate the result, as in `const plugin: Plugin = definePlugin({ … })`, because JSR requires explicit types of exports.
 *
 * @returns the plugin itself
 */
export function definePlugin<
  Options = Record<string, never>,
  RouteOptions extends object = Record<string, never>,
>(plugin: Plugin<Options, RouteOptions>): Plugin {
  // Sound, because options and route keys reach the plugin only after its own schemas have parsed them.
  return plugin as Plugin;
}

/**
 * Infers the types of an endpoint from its schemas: `handle` receives the body that `body` parses, and the query that `query`
 * parses.
 *
 * @returns the endpoint itself
 */
export function endpoint<Body = undefined, Query = undefined>(
  endpoint: Endpoint<Body, Query>,
): Endpoint {
  // Sound, because a body or query reaches the handler only after the endpoint's own schemas have parsed it.
  return endpoint as Endpoint;
}
