/**
 * The door for load engines: the types of a load run, and the values that code in a thread of an engine needs. On the main thread
 * a plugin gets the same from its {@linkcode Host}.
 *
 * @module
 */
import type { ThreadInput } from "./contract/load.ts";
import type { Kit, Stream } from "./plugin.ts";
import { suggest } from "./config/mod.ts";
import { createStream, streamKey } from "./lib/random/mod.ts";
import { type BuiltinPlugins, readKit } from "./world/settings.ts";

export type * from "./contract/load.ts";
export type * from "./plugin.ts";
export { LOAD_ENGINE, LOAD_HOST } from "./world/plugin_lifecycle.ts";
export { Histogram, PerfmockError, toPointer, validate } from "./plugin.ts";
export { PreciseClock, VirtualClock } from "./lib/time/mod.ts";

/** The part of a {@linkcode Host} that needs no server. */
export interface ThreadHost {
  /** The types that settings are made of, bound to the configuration's families, profiles and folder. */
  readonly kit: Kit;
  /** Random numbers for a seed and a name; the same on every thread. */
  stream(seed: number | string, name: string): Promise<Stream>;
  /** The candidate nearest to a misspelt name; undefined where none is near. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}

/**
 * Reads the families and profiles of a configuration once more, in this thread. Plugins that were given as objects are not
 * there: their distribution families cannot be used.
 */
export async function threadHost(input: ThreadInput): Promise<ThreadHost> {
  const { BUILTIN } = await import(input.builtin) as {
    BUILTIN: BuiltinPlugins;
  };
  const kit = await readKit({
    value: input.value,
    folder: new URL(input.folder),
    builtin: BUILTIN,
    plugins: [],
  });
  return {
    kit,
    stream: async (seed, name) =>
      createStream(await streamKey(seed, name), name),
    suggest,
  };
}
