/**
 * Compiles distributions as users write them, with all families and profiles that a configuration has.
 *
 * @module
 */
import { atCaller } from "../lib/caller.ts";
import type { PerfmockInput } from "../config/mod.ts";
import type { Distribution, Host, Plugin } from "../plugin.ts";
import { VirtualClock } from "../lib/time/mod.ts";
import { checkGiven, DISTRIBUTION_OPTIONS } from "./options.ts";

/** Sources of families and profiles beyond the built-in ones. */
export interface DistributionOptions {
  /** Plugins that contribute families or profiles. */
  readonly plugins?: readonly Plugin[];
  /** Configuration whose plugins and profiles count. Default none. */
  readonly config?: PerfmockInput;
  /** Folder that relative paths start from. Default the working directory. */
  readonly folder?: string | URL;
}

/**
 * Compiles a distribution: a duration, the text form, the name of a profile, or an object with one family.
 *
 * ```ts
 * import { compileDistribution } from "@perfmock/perfmock/testing";
 *
 * const slow = await compileDistribution("lognormal(median=120ms, p99=800ms)");
 * console.assert(Math.abs(slow.cdf(800) - 0.99) < 1e-9);
 * ```
 *
 * @throws PerfmockError `CONFIG_INVALID` with all errors, paths relative to the distribution
 */
export function compileDistribution(
  written: unknown,
  options: DistributionOptions = {},
): Promise<Distribution> {
  return atCaller(compileDistribution, async () => {
    checkGiven("compile the distribution", options, DISTRIBUTION_OPTIONS);
    return await withHost(options, (host) => host.distribution(written));
  });
}

/** Calls a function with what core offers to a plugin, while a server has this configuration. */
export async function withHost<T>(
  { plugins = [], config = {}, folder }: DistributionOptions,
  use: (host: Host) => T | Promise<T>,
): Promise<T> {
  let found: Host | undefined;
  const door: Plugin = {
    name: "compile_distribution",
    version: "1.0.0",
    setup(host) {
      found = host;
      return {};
    },
  };
  // Loaded here: assertions on times need no server.
  const { createPerfmock } = await import("../app.ts");
  await using _server = await createPerfmock(config, {
    clock: new VirtualClock(),
    listen: false,
    plugins: [...plugins, door],
    log: () => {},
    ...folder !== undefined && { folder },
  });
  // The server has set the plugin up before it is there.
  return await use(found as unknown as Host);
}

/** A distribution as users write it, or compiled. */
export async function asDistribution(
  value: unknown,
  options: DistributionOptions,
): Promise<Distribution> {
  return isCompiled(value)
    ? value
    : await withHost(options, (host) => host.distribution(value));
}

function isCompiled(value: unknown): value is Distribution {
  return typeof value === "object" && value !== null && "draw" in value &&
    typeof value.draw === "function";
}
