/**
 * A session of the shared server for each test file, for any runner with hooks around tests.
 *
 * @module
 */
import { PerfmockError } from "../core/errors.ts";
import type { Controlled, SessionOptions } from "./index.ts";
import { resolveLocalhost } from "./localhost.ts";
import { type RemoteSession, remoteSession } from "./remote.ts";
import { sharedAddress } from "./shared_server.ts";

/** Options of a test file's session. */
export interface TestSessionOptions extends SessionOptions {
  /**
   * False to keep the session's state from test to test. By default it begins afresh before each test: configuration, sequence numbers,
   * pools, figures and journal, so that each test has the same draws, whichever others ran before.
   */
  readonly resets?: boolean;
}

/** Session of a test file. It exists from the first test on; before, its members throw. */
export interface TestSession extends Controlled {
  /** Unique name. */
  readonly id: string;
  /** Header that brings a request to the session at the server's own address. */
  readonly headers: Readonly<Record<string, string>>;
  /** Address of the server itself, with a trailing slash: with {@linkcode TestSession.headers}, requests reach the session. */
  readonly serverUrl: string;
}

/** Hooks of a test runner. */
export interface Hooks {
  /** Runs a function before the first test of the file. */
  readonly beforeAll: (run: () => Promise<void>) => unknown;
  /** Runs a function before each test of the file. */
  readonly beforeEach: (run: () => Promise<void>) => unknown;
  /** Runs a function after the last test of the file. */
  readonly afterAll: (run: () => Promise<void>) => unknown;
}

/**
 * Registers hooks that make a session for this test file, and end it.
 *
 * @param setUp advice where no server is shared
 */
export function testSession(
  hooks: Hooks,
  { resets = true, ...options }: TestSessionOptions,
  setUp: string,
): TestSession {
  let session: RemoteSession | undefined;
  let ended = false;
  const current = (): RemoteSession => {
    if (session !== undefined) return session;
    throw new PerfmockError(
      "SERVER_NOT_STARTED",
      ended
        ? "Cannot use the session of a test file after its last test"
        : "Cannot use the session of a test file before its first test: read it within a test or a hook",
    );
  };
  hooks.beforeAll(async () => {
    const address = sharedAddress();
    if (address === undefined) {
      throw new PerfmockError(
        "SERVER_NOT_STARTED",
        `Cannot make a session: no server is shared with this worker. ${setUp}`,
      );
    }
    resolveLocalhost();
    session = await remoteSession(address, options);
  });
  if (resets) hooks.beforeEach(() => current().renew());
  hooks.afterAll(async () => {
    const last = session;
    session = undefined;
    ended = true;
    await last?.stop();
  });
  return {
    get id() {
      return current().id;
    },
    get url() {
      return current().url;
    },
    get headers() {
      return current().headers;
    },
    get serverUrl() {
      return current().serverUrl;
    },
    stats: async () => await current().stats(),
    requests: async (filter) => await current().requests(filter),
    reset: async () => await current().reset(),
    update: async (patch) => await current().update(patch),
    call: async (method, path, body) =>
      await current().call(method, path, body),
  };
}
