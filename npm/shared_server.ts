/**
 * One server for all workers of a test run: the process of the runner starts it and tells its address to the workers, which inherit
 * the environment.
 *
 * @module
 */
import { optionIssues } from "../core/lib/options.ts";
import process from "node:process";
import type { PerfmockInput } from "./configuration.ts";
import {
  type PerfmockServer,
  type StartOptions,
  startPerfmock,
} from "./index.ts";
import { argumentError, configIssues, SHARED_OPTIONS } from "./options.ts";
import type { ServerAddress } from "./remote.ts";

/** Environment variable with the address. */
const VARIABLE = "PERFMOCK_TEST_SERVER";

/** Header that names a session, unless the configuration sets another. */
const DEFAULT_HEADER = "Perfmock-Session";

/** Options of a shared server. */
export interface SharedOptions extends StartOptions {
  /** Token of the control API, for a configuration file that sets one. Default that of a configuration object. */
  readonly token?: string;
}

/** Servers that this process shares. */
let current: PerfmockServer | undefined;

/**
 * Starts the server, and tells its address to processes that start later.
 *
 * @param digests short texts of the options, by which other processes compare them with theirs. Default none
 * @throws PerfmockError whose message lists all errors of the configuration
 */
export async function shareServer(
  config: PerfmockInput | string | URL | undefined,
  shared: SharedOptions = {},
  digests?: Readonly<Record<string, string>>,
): Promise<ServerAddress> {
  await unshareServer();
  const issues = optionIssues(shared, SHARED_OPTIONS, "options");
  if (issues.length > 0) {
    throw argumentError("Cannot start perfmock", [
      ...configIssues(config),
      ...issues,
    ]);
  }
  const { token, ...options } = shared;
  const server = current = await startPerfmock(config, options);
  const { sessions } = await server.call("GET", "/config") as {
    readonly sessions?: { readonly header?: string };
  };
  const known = token ?? tokenIn(config);
  const address: ServerAddress = {
    url: server.url,
    control: server.control,
    sessionHeader: sessions?.header ?? DEFAULT_HEADER,
    ...known !== undefined && { token: known },
    ...digests !== undefined && { options: digests },
  };
  process.env[VARIABLE] = JSON.stringify(address);
  return address;
}

/** Ends the server that this process shares; does nothing if there is none. */
export async function unshareServer(): Promise<void> {
  const server = current;
  current = undefined;
  delete process.env[VARIABLE];
  await server?.stop();
}

/** Returns the address of the server that is shared with this process; undefined if there is none. */
export function sharedAddress(): ServerAddress | undefined {
  const text = process.env[VARIABLE];
  return text === undefined ? undefined : JSON.parse(text);
}

/** Token in a configuration object. */
function tokenIn(
  config: PerfmockInput | string | URL | undefined,
): string | undefined {
  if (typeof config !== "object" || config instanceof URL) return undefined;
  return config.control?.token ?? undefined;
}
