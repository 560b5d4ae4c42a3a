/**
 * From a configuration to a server.
 *
 * @module
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BUILTIN } from "./builtin.ts";
import type { PerfmockInput } from "./config/mod.ts";
import type { Perfmock, PerfmockOptions } from "./server/perfmock.ts";
import { Server } from "./server/server.ts";
import { type SettingsInput, settingsSchema } from "./world/settings.ts";

export type { HonoApp, Perfmock, PerfmockOptions } from "./server/perfmock.ts";

/**
 * Makes a server.
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
 * @param config as in deno.json's key `perfmock`; unlike there, the port is 0 where absent, so that a free one is picked
 * @throws PerfmockError with all faults of the configuration, or where the port cannot be had
 */
export function createPerfmock(
  config: PerfmockInput = {},
  options: PerfmockOptions = {},
): Promise<Perfmock> {
  return createServer(config, options);
}

/** The same, as core itself sees it. */
export async function createServer(
  config: PerfmockInput,
  options: PerfmockOptions,
): Promise<Server> {
  const server = new Server(options);
  try {
    await server.start(settingsInput(withFreePort(config), options));
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * The JSON Schema of a configuration, with all that the plugins it names bring.
 *
 * @throws PerfmockError where a plugin cannot be loaded
 */
export function configurationSchema(
  config: PerfmockInput = {},
  options: Pick<PerfmockOptions, "folder" | "plugins"> = {},
): Promise<Record<string, unknown>> {
  return settingsSchema(settingsInput(config, options));
}

function settingsInput(
  value: PerfmockInput,
  { folder = ".", plugins = [] }: PerfmockOptions,
): SettingsInput {
  const base = folder instanceof URL ? folder : folderUrl(folder);
  return { value, folder: base, builtin: BUILTIN, plugins };
}

/** A library's server takes a free port unless told otherwise: tests run side by side. */
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

/** A folder's path as a URL with a trailing slash. */
function folderUrl(path: string): URL {
  return new URL(`${pathToFileURL(resolve(path)).href}/`);
}
