/**
 * Creates servers from configurations.
 *
 * @module
 */
import { resolve } from "node:path";
import { env } from "node:process";
import { pathToFileURL } from "node:url";
import { BUILTIN } from "./builtin.ts";
import type { PerfmockInput } from "./config/mod.ts";
import { atCaller } from "./lib/caller.ts";
import { checkOptions, type OptionType } from "./lib/options.ts";
import { SERVER_OPTIONS } from "./lib/server_options.ts";
import { LibraryServer } from "./server/library_server.ts";
import type { Perfmock, PerfmockOptions } from "./server/perfmock.ts";
import { checkSegment, parseSegment } from "./scale/segment.ts";
import { Server, type ServerOptions } from "./server/server.ts";
import { type SettingsInput, settingsSchema } from "./world/settings.ts";

export type { HonoApp, Perfmock, PerfmockOptions } from "./server/perfmock.ts";

/**
 * Creates a server, and starts it.
 *
 * ```ts
 * import { createPerfmock } from "@perfmock/perfmock";
 *
 * await using server = await createPerfmock({
 *   routes: [{ path: "/api/orders", serviceTime: "12ms", response: { json: [] } }],
 * });
 * const response = await fetch(new URL("/api/orders", server.url));
 * console.assert((await response.json()).length === 0);
 * ```
 *
 * @param config configuration, as in deno.json's key `perfmock`, except that the default port is 0, for any free port
 * @throws PerfmockError with all errors of the configuration, which its stack lists, or if the server cannot listen on the port
 */
export async function createPerfmock(
  config: PerfmockInput = {},
  options: PerfmockOptions = {},
): Promise<Perfmock> {
  return await atCaller(createPerfmock, () => {
    checkOptions("Cannot create the server", options, OPTIONS);
    return started(new LibraryServer(options), config, options);
  });
}

const OPTIONS: Readonly<Record<keyof PerfmockOptions, OptionType>> =
  SERVER_OPTIONS;

/** Creates a server, with the type that core itself uses. */
export async function createServer(
  config: PerfmockInput,
  options: ServerOptions,
): Promise<Server> {
  return await started(new Server(options), config, options);
}

async function started(
  server: Server,
  config: PerfmockInput,
  options: ServerOptions,
): Promise<Server> {
  try {
    await server.start(settingsInput(withFreePort(config), options));
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * Returns the JSON Schema of configurations, including the options and route keys of the plugins that a configuration names.
 *
 * @throws PerfmockError if a plugin cannot be loaded
 */
export function configurationSchema(
  config: PerfmockInput = {},
  options: Pick<PerfmockOptions, "folder" | "plugins"> = {},
): Promise<Record<string, unknown>> {
  return settingsSchema(settingsInput(config, options));
}

function settingsInput(
  value: PerfmockInput,
  { folder = ".", plugins = [], segment }: PerfmockOptions,
): SettingsInput {
  const base = folder instanceof URL ? folder : folderUrl(folder);
  return {
    value,
    folder: base,
    builtin: BUILTIN,
    plugins,
    segment: typeof segment === "string"
      ? parseSegment(segment, (name) => env[name])
      : segment && checkSegment(segment),
  };
}

/** Sets the default port to 0, for any free port, because tests that use perfmock as a library run in parallel. */
function withFreePort(input: PerfmockInput): PerfmockInput {
  // The schema reports a configuration that is no object.
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return input;
  }
  const { server } = input;
  return server === undefined ||
      typeof server === "object" && server !== null && server.port === undefined
    ? { ...input, server: { ...server, port: 0 } }
    : input;
}

/** Converts a folder's path to a URL with a trailing slash. */
function folderUrl(path: string): URL {
  return new URL(`${pathToFileURL(resolve(path)).href}/`);
}
