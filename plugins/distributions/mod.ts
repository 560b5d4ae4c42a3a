/**
 * Response times drawn from distributions.
 *
 * Contributes the distribution families, reads `profiles` (named distributions) from its options, and of a route:
 *
 * - `serviceTime`: a distribution, a duration, or a profile's name
 * - `scale`: multiplies the draw (the same uniform, so that a sequence keeps its shape); above 0, default 1
 * - `sampling`: `{ scheme, block, key }`: independent draws, or exact percentiles in every block of `block` requests; `key`
 *   takes draws by sequence number or by a header, so that the same request id always gets the same time
 *
 * It provides the key `distributions.routes`: which family each route draws from, and whether exactly.
 *
 * Its control calls list the families and explain a distribution: mean, standard deviation and quantiles.
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
import type {
  Dial,
  Distribution,
  Host,
  Instance,
  Key,
  Kit,
  KitType,
  Plugin,
  Route,
  RouteHooks,
  Schema,
} from "../../core/plugin.ts";
import { controlEndpoints } from "./control.ts";
import { families } from "./families.ts";
import { InvalidParameters } from "./_faults.ts";
import {
  createSampler,
  INDEPENDENT,
  type Sampler,
  type Sampling,
  samplingFaults,
  samplingSchema,
} from "./sampling.ts";

export type { Sampling } from "./sampling.ts";

/** The options of the distributions plugin, parsed. */
export interface DistributionsOptions {
  /** Named distributions. */
  readonly profiles: Readonly<Record<string, Distribution>>;
}

/** The keys of a route that the distributions plugin reads, parsed. */
export interface DistributionsRouteOptions {
  /** What service times are drawn from. */
  readonly serviceTime: Distribution;
  /** Multiplies the draw. */
  readonly scale: number;
  /** How draws are taken. */
  readonly sampling: Sampling;
}

/** How a route is served, as other plugins see it. */
export interface ServedRoute {
  /** The family that its service times are drawn from. */
  readonly family: string;
  /** Whether it samples exactly. */
  readonly exact: boolean;
}

/** The service `distributions.routes`. */
export interface ServedRoutes {
  /** How a route is served, by its id; undefined where it has no service time, or is not there yet. */
  of(id: string): ServedRoute | undefined;
}

/** By which other plugins find {@linkcode ServedRoutes}. */
const ROUTES: Key<ServedRoutes> = { name: "distributions.routes" };

/** The plugin. */
const plugin: Plugin<DistributionsOptions, DistributionsRouteOptions> = {
  name: "distributions",
  version: "1.0.0",
  options: ({ z, distribution }: Kit): Schema<DistributionsOptions> =>
    z.strictObject({
      profiles: z.record(z.string(), distribution()).default({}),
    }),
  routeKeys: (kit: Kit) => ({
    serviceTime: kit.distribution(),
    scale: kit.number({ above: 0 }),
    sampling: samplingSchema(kit),
  }),
  contributes: (options: unknown) => ({
    families,
    profiles: profilesOf(options),
  }),
  setup(host: Host): Instance<DistributionsRouteOptions> {
    const samplers: Samplers = new Map();
    const served = new Map<string, ServedRoute>();
    host.provide(ROUTES, { of: (id) => served.get(id) });
    return {
      route(route, options) {
        const { serviceTime, sampling } = options;
        if (serviceTime !== undefined) {
          const exact = sampling?.scheme === "exact";
          served.set(route.id, { family: serviceTime.family, exact });
        }
        return bind(route, options, { samplers, kit: host.kit });
      },
      control: controlEndpoints(host),
      snapshot: () => snapshot(samplers),
    };
  },
};
export default plugin;

/** The profiles as written, where they are written as they should be; the schema reports where they are not. */
function profilesOf(options: unknown): Record<string, unknown> {
  const profiles = (options as { profiles?: unknown } | null)?.profiles;
  return typeof profiles === "object" && profiles !== null &&
      !Array.isArray(profiles)
    ? profiles as Record<string, unknown>
    : {};
}

/** The samplers of the routes of one revision, by route id. */
type Samplers = Map<string, Sampler>;

function bind(
  route: Route,
  options: Partial<DistributionsRouteOptions>,
  { samplers, kit }: { readonly samplers: Samplers; readonly kit: Kit },
): RouteHooks | undefined {
  const { serviceTime, scale = 1, sampling = INDEPENDENT } = options;
  if (serviceTime === undefined) {
    const useless = (["scale", "sampling"] as const).filter((key) =>
      options[key] !== undefined
    );
    if (useless.length === 0) return undefined;
    throw new InvalidParameters(useless.map((key) => ({
      path: `/${key}`,
      message: `Cannot use "${key}" on a route without "serviceTime"`,
      suggestion: "serviceTime",
    })));
  }
  const sampler = createSampler(serviceTime, sampling, route);
  samplers.set(route.id, sampler);
  const drawn = new TurnedService(scale, sampler.draw);
  return {
    summary: inWords(serviceTime, scale),
    serve: (x) => drawn.scale * drawn.draw(x),
    ...sampling.header !== undefined && { replayedBy: sampling.header },
    dials: {
      scale: dial(kit.number({ above: 0 }), (value) => {
        drawn.scale = value ?? scale;
      }),
      serviceTime: dial(kit.distribution(), (value) => {
        drawn.draw = value === undefined
          ? sampler.draw
          : samplerOf(value, sampling, route).draw;
      }),
    },
  };
}

/** What a route's service times are drawn from now: as configured, or as a dial has it. */
class TurnedService {
  constructor(public scale: number, public draw: Sampler["draw"]) {}
}

/** Turned while requests are under way, it must not fail: what cannot be sampled exactly is sampled at random. */
function samplerOf(
  distribution: Distribution,
  sampling: Sampling,
  route: Route,
): Sampler {
  const exact = samplingFaults(distribution, sampling).length === 0;
  const scheme = exact ? sampling.scheme : "random";
  return createSampler(distribution, { ...sampling, scheme }, route);
}

function dial<Value>(
  type: KitType<Value>,
  turn: (value: Value | undefined) => void,
): Dial {
  // What a dial is turned by was read by its type.
  return { type, turn: turn as Dial["turn"] };
}

/** What `stats` shows: how many requests each exactly sampled route needs until its block is whole. */
function snapshot(samplers: Samplers): unknown {
  return {
    requestsLeftInBlock: Object.fromEntries(
      [...samplers].flatMap(([id, { left }]) =>
        left === undefined ? [] : [[id, left]]
      ),
    ),
  };
}

/** What a route's users will see: "half within 120 ms, 99 % within 800 ms (lognormal)". */
function inWords(
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

/** Three digits are what a reader takes in. */
function readable(milliseconds: number): string {
  const digits = (value: number) => `${Number(value.toPrecision(3))}`;
  return milliseconds >= 1000
    ? `${digits(milliseconds / 1000)} s`
    : `${digits(milliseconds)} ms`;
}
