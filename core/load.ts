/**
 * Contract for load engines: types of a load run, and values for code that runs in a thread of an engine. On the main thread, a
 * plugin gets the same values from its {@linkcode Host}.
 *
 * On Linux, with the permission for FFI, an engine may send over the kernel's sockets: {@linkcode Network}.
 *
 * @module
 */
import type { ThreadInput, VirtualWorld } from "./contract/load.ts";
import type { Kit, Stream } from "./plugin.ts";
import { readJson } from "./config/data.ts";
import { createStream, streamKey } from "./lib/random/mod.ts";
import type { BuiltinPlugins, SettingsInput } from "./world/settings.ts";
import type { Log } from "./world/state.ts";

export { bareNumberIssues } from "./config/bare_numbers.ts";
export { withoutExtensions } from "./config/data.ts";
export { hoistDefinitions, jsonSchemaPart } from "./config/json_schema.ts";
export { finishedSchema } from "./config/schema_document.ts";
export { grantFile } from "./config/powers.ts";
export {
  readScript,
  SCRIPT_LIMIT,
  scriptIn,
  type ScriptTexts,
} from "./config/script_text.ts";
export {
  TextReader,
  type TextReaderLimits,
  type TextReading,
} from "./config/text_reader.ts";
export type * from "./contract/load.ts";
export type * from "./plugin.ts";
export type {
  FilledText,
  Filling,
  Json,
  JsonSchema,
  PlaceholderNotes,
  Position,
  Syntax,
  SyntaxIssue,
} from "./config/mod.ts";
export type { Log } from "./world/state.ts";
export {
  type ProcessFigures,
  type ProcessReaders,
  readProcessFigures,
} from "./observe/read_process.ts";
export { LOAD_ENGINE, LOAD_HOST } from "./world/service_keys.ts";
export { Histogram, PerfmockError, toPointer, validate } from "./plugin.ts";
export {
  PreciseClock,
  type PreciseClockOptions,
  type PreciseClockState,
  type PreciseClockStats,
  VirtualClock,
  type Waker,
} from "./lib/time/mod.ts";
export {
  Network,
  type Outgoing,
  RemoteAddresses,
  type SocketOwner,
} from "./net/connect.ts";
export {
  MAX_WAITING_EVENTS,
  runEvents,
  type WatchedRun,
} from "./lib/run_events.ts";
export { deepestMessage } from "./lib/thrown.ts";
export { constant } from "./lib/signals/mod.ts";
export { ERRNO } from "./net/libc.ts";
export { type Answering, LocalServer } from "./net/local_server.ts";

/** Part of a {@linkcode Host} that needs no server. */
export interface ThreadHost {
  /** Types for settings, bound to the configuration's families, profiles and folder. */
  readonly kit: Kit;
  /** Creates a stream of random numbers for a seed and a name, with the same numbers on every thread. */
  stream(seed: number | string, name: string): Promise<Stream>;
  /** Returns the candidate that is nearest to a misspelt name; undefined if none is near. */
  suggest(name: string, candidates: Iterable<string>): string | undefined;
}

/**
 * Reads the families and profiles of a configuration in this thread. Plugins that were given to `createPerfmock` as objects are
 * missing, because they cannot be posted to a thread: their distribution families cannot be used.
 *
 * @throws PerfmockError if the configuration cannot be read
 */
export async function threadHost(input: ThreadInput): Promise<ThreadHost> {
  // A load engine's module graph has no configuration in force: only its threads have one.
  const { meant } = await import("./config/mod.ts");
  const { readKit } = await import("./world/settings.ts");
  const kit = await readKit(await settingsOf(input));
  return {
    kit,
    stream: async (seed, name) =>
      createStream(await streamKey(seed, name), name),
    suggest: (name, candidates) => meant(name, [...candidates]),
  };
}

/**
 * Builds a configuration in virtual time in this thread.
 *
 * @param log log of the server
 * @throws PerfmockError with all errors, also if the configuration needs plugins that were given as objects
 */
export async function threadWorld(
  input: ThreadInput,
  log: Log,
): Promise<VirtualWorld> {
  const { createVirtualWorld } = await import("./world/virtual_world.ts");
  return await createVirtualWorld(await settingsOf(input), log);
}

async function settingsOf(input: ThreadInput): Promise<SettingsInput> {
  const { BUILTIN } = await import(input.builtin) as {
    BUILTIN: BuiltinPlugins;
  };
  return {
    value: readJson(input.json),
    folder: new URL(input.folder),
    builtin: BUILTIN,
    plugins: [],
    segment: input.segment,
  };
}
