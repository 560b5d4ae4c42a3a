/**
 * What code that a plugin runs in a thread of its own may import: time, chance, histograms and the types of settings, as values.
 * On the main thread a plugin has all of these from its {@linkcode Host}.
 *
 * @module
 */
import { suggest } from "./config/mod.ts";
import type { Kit, Stream, ThreadInput } from "./plugin.ts";
import { createStream, streamKey } from "./lib/random/mod.ts";

export { toPointer, validate } from "./config/mod.ts";
export { PerfmockError } from "./errors.ts";
export { Histogram } from "./observe/metrics/mod.ts";
export {
  PreciseClock,
  readPollingSlice,
  VirtualClock,
} from "./lib/time/mod.ts";
export type * from "./plugin.ts";

/** What a {@linkcode Host} offers that needs no server. */
export interface ThreadHost {
  /** The types that settings are made of, bound to the configuration's families, profiles and folder. */
  readonly kit: Kit;
  /** Random numbers for a seed and a name; the same on every thread. */
  stream(seed: number | string, name: string): Promise<Stream>;
  /** The candidate that a misspelt name was probably meant to be. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}

/**
 * Reads what a configuration contributes once more, in this thread. Plugins that were given as objects are not there: their
 * distribution families cannot be used.
 */
export async function threadHost(input: ThreadInput): Promise<ThreadHost> {
  // Late: it knows the built-in plugins, and one of them may be what imports this.
  const { readKit } = await import("./world/settings.ts");
  const kit = await readKit({
    value: input.value,
    folder: new URL(input.folder),
    plugins: [],
  });
  return {
    kit,
    stream: async (seed, name) =>
      createStream(await streamKey(seed, name), name),
    suggest,
  };
}
