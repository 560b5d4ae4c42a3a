/**
 * One server for all workers of a test run: the process of the runner starts it and tells its address to the workers, which inherit
 * the environment. Projects of one run may have servers of their own.
 *
 * @module
 */
import { optionIssues } from "../core/lib/options.ts";
import { isAbsolute, relative, sep } from "node:path";
import process from "node:process";
import type { PerfmockInput } from "./configuration.ts";
import {
  type PerfmockServer,
  type StartOptions,
  startPerfmock,
} from "./index.ts";
import { argumentError, configIssues, SHARED_OPTIONS } from "./options.ts";
import type { ServerAddress } from "./remote.ts";

/** Environment variable with the addresses. */
const VARIABLE = "PERFMOCK_TEST_SERVER";

/** Header that names a session, unless the configuration sets another. */
const DEFAULT_HEADER = "Perfmock-Session";

/** Options of a shared server. */
export interface SharedOptions extends StartOptions {
  /** Token of the control API, for a configuration file that sets one. Default that of a configuration object. */
  readonly token?: string;
}

/** A server that this process shares. */
export interface SharedServer {
  /** Address of the server. */
  readonly address: ServerAddress;
  /** Ends the share of whoever asked for it, and the server with the last one. Further calls do nothing. */
  stop(): Promise<void>;
}

/** Ways of sharing a server. */
export interface Sharing {
  /** Short texts of the options, by which other processes compare them with theirs. Default none. */
  readonly digests?: Readonly<Record<string, string>>;
  /**
   * Folder whose test files use the server; of several, the innermost counts. Default any folder. Null where the runner itself passes
   * the address on.
   */
  readonly folder?: string | null;
}

/** A server, and those who share it. */
interface Shared {
  readonly server: Promise<PerfmockServer>;
  users: number;
}

/** Addresses by folder, as the environment variable has them; an empty text stands for any folder. */
type Addresses = Readonly<Record<string, ServerAddress>>;

/** Servers that this process shares, by all that they were started with: projects of one run that ask for the same one have one. */
const servers = new Map<string, Shared>();

/** Shares of this process that have not ended, with their folders. */
const shares = new Map<SharedServer, string | null>();

/**
 * Starts the server, and tells its address to processes that start later. A server that was started with the same arguments is shared.
 *
 * @throws PerfmockError whose message lists all errors of the configuration
 */
export async function shareServer(
  config: PerfmockInput | string | URL | undefined,
  shared: SharedOptions = {},
  { digests, folder = "" }: Sharing = {},
): Promise<SharedServer> {
  const issues = optionIssues(shared, SHARED_OPTIONS, "options");
  if (issues.length > 0) {
    throw argumentError("Cannot start perfmock", [
      ...configIssues(config),
      ...issues,
    ]);
  }
  // Only one server can be told for a folder: the one before is that of an earlier run.
  for (const [share, place] of shares) {
    if (folder !== null && place === folder) await share.stop();
  }
  const { token, ...options } = shared;
  const key = keyOf(config, options);
  const entry = servers.get(key) ??
    { server: startPerfmock(config, options), users: 0 };
  servers.set(key, entry);
  entry.users++;
  const leave = async () => {
    if (--entry.users > 0) return;
    servers.delete(key);
    await entry.server.then((server) => server.stop(), () => {});
  };
  try {
    const server = await entry.server;
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
    if (folder !== null) tell({ ...told(), [folder]: address });
    return shareOf(address, folder, leave);
  } catch (error) {
    await leave();
    throw error;
  }
}

/** Makes a share, which is withdrawn once. */
function shareOf(
  address: ServerAddress,
  folder: string | null,
  leave: () => Promise<void>,
): SharedServer {
  let left: Promise<void> | undefined;
  const share: SharedServer = {
    address,
    stop() {
      if (shares.delete(share) && folder !== null) {
        const { [folder]: _ended, ...others } = told();
        tell(others);
      }
      return left ??= leave();
    },
  };
  shares.set(share, folder);
  return share;
}

/** Ends all servers that this process shares. */
export async function unshareServers(): Promise<void> {
  await Promise.all([...shares.keys()].map((share) => share.stop()));
}

/**
 * Returns the address of the server that is shared with this process; undefined if there is none, or several of which none is for the
 * file.
 *
 * @param file path of the test file. Default any
 */
export function sharedAddress(file = ""): ServerAddress | undefined {
  const all = Object.entries(told());
  const [innermost] = all.filter(([folder]) => isWithin(file, folder))
    .toSorted(([a], [b]) => b.length - a.length);
  if (innermost !== undefined) return innermost[1];
  // Jest runs a set-up of several projects once, and says the first one's folder only.
  const urls = new Set(all.map(([, { url }]) => url));
  return urls.size === 1 ? all[0][1] : undefined;
}

/** Addresses that this process, or the one that has started it, has told. */
function told(): Addresses {
  return JSON.parse(process.env[VARIABLE] ?? "{}");
}

function tell(addresses: Addresses): void {
  if (Object.keys(addresses).length === 0) delete process.env[VARIABLE];
  else process.env[VARIABLE] = JSON.stringify(addresses);
}

/** True for a file in a folder, whose name is empty for any. */
function isWithin(file: string, folder: string): boolean {
  if (folder === "") return true;
  const way = relative(folder, file);
  return file !== "" && !isAbsolute(way) && way.split(sep)[0] !== "..";
}

/** All that a server is started with, as a text. */
function keyOf(
  config: PerfmockInput | string | URL | undefined,
  options: StartOptions,
): string {
  const sorted = Object.entries(options).toSorted(([a], [b]) => a < b ? -1 : 1);
  return JSON.stringify([typeof config, config, sorted]);
}

/** Token in a configuration object. */
function tokenIn(
  config: PerfmockInput | string | URL | undefined,
): string | undefined {
  if (typeof config !== "object" || config instanceof URL) return undefined;
  return config.control?.token ?? undefined;
}
