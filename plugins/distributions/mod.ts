/**
 * The plugin `distributions`: service times drawn from distributions.
 *
 * It contributes the distribution families, and reads `profiles` (named distributions) from its options. Its keys of a route:
 *
 * - `serviceTime`: a distribution, a duration, or the name of a profile
 * - `serviceTimes`: several of them, in place of `serviceTime`, that requests get in turn: the first request the first, and so on. The
 *   route's `turns` say which requests are counted together, and what follows the last
 * - `scale`: multiplies each draw; above 0, default 1. The uniform numbers stay the same, so a sequence of times keeps its
 *   shape
 * - `sampling`: `{ scheme, block, key }`: independent draws, or exact percentiles in every block of `block` requests. With
 *   `key`, draws are by sequence number or by a header, so that the same request id always gets the same time
 *
 * It provides the key `distributions.routes`: the family of each route, and the scheme of its sampling.
 *
 * The control calls list the families, draw samples, and explain a distribution: mean, standard deviation and quantiles.
 *
 * ```ts
 * import { createPerfmock } from "@perfmock/perfmock";
 *
 * await using server = await createPerfmock({
 *   plugins: { distributions: { profiles: { quick: { exponential: { mean: "2ms" } } } } },
 *   routes: [{ path: "/", serviceTime: "quick" }],
 * });
 * await (await fetch(server.url)).body?.cancel();
 * ```
 *
 * @module
 */
import {
  definePlugin,
  type Dial,
  type Distribution,
  type Key,
  type Kit,
  type KitType,
  type Plugin,
  type Route,
  type RouteHooks,
} from "../../core/plugin.ts";
import { controlEndpoints } from "./control.ts";
import { families } from "./families.ts";
import {
  samplerInTurn,
  serviceTimesSchema,
  type TurnOfService,
} from "./in_turn.ts";
import { invalidParameters } from "./_parameters.ts";
import {
  createSampler,
  INDEPENDENT,
  type Sampler,
  type Sampling,
  samplingIssues,
  samplingSchema,
} from "./sampling.ts";

export type { TurnOfService } from "./in_turn.ts";
export type { Sampling } from "./sampling.ts";

/** Options of the distributions plugin. */
export interface DistributionsOptions {
  /** Named distributions. Default none. */
  readonly profiles: Readonly<Record<string, Distribution>>;
}

/** Keys of a route that the distributions plugin reads. */
export interface DistributionsRouteOptions {
  /** Distribution of the service times, in milliseconds. */
  readonly serviceTime: Distribution;
  /** Distributions that requests get in turn. */
  readonly serviceTimes: readonly TurnOfService[];
  /** Factor that multiplies each draw, above 0. Default 1. */
  readonly scale: number;
  /** Sampling of the draws. Default: independent draws by sequence number. */
  readonly sampling: Sampling;
}

/** Service times of a route, for other plugins. */
export interface ServedRoute {
  /** Name of the distribution family of its service times. */
  readonly family: string;
  /** True if its sampling is exact. */
  readonly exact: boolean;
  /** True if its service times, or some of them, were measured, so that they contain the waits of the measured system. */
  readonly measured: boolean;
}

/** The service `distributions.routes`. */
export interface ServedRoutes {
  /** Service times of a route, by its id; undefined if it has no `serviceTime` or is not built yet. */
  of(id: string): ServedRoute | undefined;
}

/** Key of {@linkcode ServedRoutes}. */
const ROUTES: Key<ServedRoutes> = { name: "distributions.routes" };

/** The plugin `distributions`. */
const plugin: Plugin = definePlugin({
  name: "distributions",
  version: "1.0.0",
  summary: "Response times drawn from distributions",
  options: ({ z, distribution, worded }) =>
    z.strictObject(worded({
      profiles: z.record(z.string(), distribution()).default({}),
    }, {
      profiles: "Names for distributions that are used more than once",
    })),
  routeKeys: (kit) =>
    kit.worded({
      serviceTime: kit.distribution(),
      serviceTimes: serviceTimesSchema(kit),
      scale: kit.number({ above: 0 }),
      sampling: samplingSchema(kit),
    }, {
      serviceTime:
        "Time that the backend takes for a request, up to the headers. Default 0 ms",
      serviceTimes:
        "Service times that requests get in turn, in place of serviceTime: the first request gets the first, and so on",
      scale: "Factor that multiplies each draw. Default 1",
      sampling: "Sampling of the draws. Default: independent draws",
    }),
  contributes: (options) => ({ families, profiles: profilesOf(options) }),
  setup(host) {
    const samplers: Samplers = new Map();
    const served = new Map<string, ServedRoute>();
    host.provide(ROUTES, { of: (id) => served.get(id) });
    return {
      route(route, options) {
        const { serviceTime, serviceTimes = [], sampling } = options;
        const first = serviceTime ?? serviceTimes[0]?.of;
        if (first !== undefined) {
          const exact = sampling?.scheme === "exact";
          const all = [first, ...serviceTimes.map(({ of }) => of)];
          served.set(route.id, {
            family: (all.find(isMeasured) ?? first).family,
            exact,
            measured: all.some(isMeasured),
          });
        }
        return bind(route, options, { samplers, kit: host.kit });
      },
      control: controlEndpoints(host),
      snapshot: () => snapshot(samplers),
    };
  },
});
export default plugin;

function isMeasured({ measured = false }: Distribution): boolean {
  return measured;
}

/** The profiles as written, if they are an object; otherwise the schema reports the error. */
function profilesOf(options: unknown): Record<string, unknown> {
  const profiles = (options as { profiles?: unknown } | null)?.profiles;
  return typeof profiles === "object" && profiles !== null &&
      !Array.isArray(profiles)
    ? profiles as Record<string, unknown>
    : {};
}

/** Samplers of one revision, by route id. */
type Samplers = Map<string, Sampler>;

function bind(
  route: Route,
  options: Partial<DistributionsRouteOptions>,
  { samplers, kit }: { readonly samplers: Samplers; readonly kit: Kit },
): RouteHooks | undefined {
  const { serviceTime, serviceTimes, scale = 1, sampling = INDEPENDENT } =
    options;
  if (serviceTime === undefined && serviceTimes === undefined) {
    const useless = (["scale", "sampling"] as const).filter((key) =>
      options[key] !== undefined
    );
    if (useless.length === 0) return undefined;
    throw invalidParameters(useless.map((key) => ({
      path: `/${key}`,
      message: `Cannot use "${key}" on a route without "serviceTime"`,
      suggestion: "serviceTime",
    })));
  }
  const sampler = serviceTimes === undefined
    ? createSampler(serviceTime as Distribution, sampling, route)
    : samplerInTurn(serviceTimes, { serviceTime, sampling, route });
  samplers.set(route.id, sampler);
  const drawn = new DialledService(scale, sampler.draw);
  return {
    summary: serviceTimes === undefined
      ? summarise(serviceTime as Distribution, scale)
      : serviceTimes.map(({ of, times }) =>
        `${times === 1 ? "" : `${times} times `}${summarise(of, scale)}`
      ).join(", then "),
    serve: (x) => drawn.scale * drawn.draw(x),
    ...sampling.header !== undefined && { replayedBy: sampling.header },
    dials: {
      scale: dial(
        "Factor on each draw; replaces the route's scale",
        kit.number({ above: 0 }),
        (value) => {
          // A signal may pass through negative values.
          drawn.scale = Math.max(0, value ?? scale);
        },
      ),
      serviceTime: dial(
        "Service time; replaces that of the route",
        kit.distribution(),
        (value) => {
          drawn.draw = value === undefined
            ? sampler.draw
            : samplerOf(value, sampling, route).draw;
        },
      ),
    },
  };
}

/** The present source of a route's service times: the configuration's, or a dial's. */
class DialledService {
  constructor(public scale: number, public draw: Sampler["draw"]) {}
}

/**
 * A dial is turned while requests are under way and must not fail: a distribution that cannot be sampled exactly is sampled at
 * random.
 */
function samplerOf(
  distribution: Distribution,
  sampling: Sampling,
  route: Route,
): Sampler {
  const exact = samplingIssues(distribution, sampling).length === 0;
  const scheme = exact ? sampling.scheme : "random";
  return createSampler(distribution, { ...sampling, scheme }, route);
}

function dial<Value>(
  summary: string,
  type: KitType<Value>,
  turn: (value: Value | undefined) => void,
): Dial {
  // The value of a dial has been parsed by its type.
  return { type, summary, turn: turn as Dial["turn"] };
}

/** For `stats`: the number of requests that each exactly sampled route needs until its block is complete. */
function snapshot(samplers: Samplers): unknown {
  return {
    requestsLeftInBlock: Object.fromEntries(
      [...samplers].flatMap(([id, { left }]) =>
        left === undefined ? [] : [[id, left]]
      ),
    ),
  };
}

/** Summary of a route's service times: "half within 120 ms, 99 % within 800 ms (lognormal)". */
function summarise(
  { family, mean, quantile }: Distribution,
  scale: number,
): string {
  if (quantile === undefined) {
    return `${readable(mean * scale)} on average (${family})`;
  }
  const median = readable(quantile(0.5) * scale);
  const p99 = readable(quantile(0.99) * scale);
  return median === p99
    ? `${median} (${family})`
    : `half within ${median}, 99 % within ${p99} (${family})`;
}

/** A time with three digits, for people. */
function readable(milliseconds: number): string {
  const digits = (value: number) => `${Number(value.toPrecision(3))}`;
  return milliseconds >= 1000
    ? `${digits(milliseconds / 1000)} s`
    : `${digits(milliseconds)} ms`;
}
