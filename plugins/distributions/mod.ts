/**
 * Response times drawn from distributions.
 *
 * Contributes the distribution families, reads `profiles` (named distributions) from its options, and of a route:
 *
 * - `serviceTime`: a distribution, a duration, or a profile's name
 * - `scale`: multiplies the draw (the same uniform, so that a sequence keeps its shape); above 0, default 1
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
  Distribution,
  Host,
  Instance,
  Kit,
  Plugin,
  Route,
  RouteHooks,
  Schema,
} from "../../core/plugin.ts";
import { controlEndpoints } from "./control.ts";
import { families } from "./families.ts";

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
}

const plugin: Plugin<DistributionsOptions, DistributionsRouteOptions> = {
  name: "distributions",
  version: "1.0.0",
  options: ({ z, distribution }: Kit): Schema<DistributionsOptions> =>
    z.strictObject({
      profiles: z.record(z.string(), distribution()).default({}),
    }),
  routeKeys: ({ distribution, number }: Kit) => ({
    serviceTime: distribution(),
    scale: number({ above: 0 }),
  }),
  contributes: (options: unknown) => ({
    families,
    profiles: profilesOf(options),
  }),
  setup(host: Host): Instance<DistributionsRouteOptions> {
    return { route, control: controlEndpoints(host) };
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

function route(
  route: Route,
  { serviceTime, scale = 1 }: Partial<DistributionsRouteOptions>,
): RouteHooks | undefined {
  if (serviceTime === undefined) return undefined;
  const stream = route.stream("service");
  return {
    summary: inWords(serviceTime, scale),
    serve: scale === 1
      ? (x) => serviceTime.draw(stream, x.sequence)
      : (x) => scale * serviceTime.draw(stream, x.sequence),
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
