/**
 * A session of the shared server for each test file, for any runner with hooks around tests.
 *
 * @module
 */
import type { PerfmockError } from "../core/errors.ts";
import { atCall, type CallSite, callSite, throwAt } from "./call_site.ts";
import { type ControlCall, ControlCalls } from "./control_calls.ts";
import { listedError } from "./errors.ts";
import type { Controlled, SessionOptions } from "./index.ts";
import { resolveLocalhost } from "./localhost.ts";
import { checkOptions, TEST_SESSION_OPTIONS } from "./options.ts";
import {
  type RemoteSession,
  remoteSession,
  type ServerAddress,
} from "./remote.ts";
import { sharedAddress } from "./shared_server.ts";

/** Options of a test file's session. */
export interface TestSessionOptions extends SessionOptions {
  /**
   * False to keep the session's state from test to test. By default it begins afresh before each test: configuration, sequence numbers,
   * pools, figures and journal, so that each test has the same draws, whichever others ran before. Tests that run at the same time
   * (`test.concurrent`) need false.
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
  /** Runs a function before each test of the file, with the test where the runner passes it. */
  readonly beforeEach: (
    run: (context: { readonly task?: unknown }) => Promise<void>,
  ) => unknown;
  /** Runs a function after the last test of the file. */
  readonly afterAll: (run: () => Promise<void>) => unknown;
}

/** A test runner. */
export interface Runner {
  /** Its hooks. */
  readonly hooks: Hooks;
  /** Returns the address that the runner itself passes to this test file; undefined if it passes none. */
  readonly address?: () => ServerAddress | undefined;
  /** Returns the path of the test file, where the runner tells it. */
  readonly file?: () => string | undefined;
  /** Advice where no server is shared. */
  readonly setUp: string;
  /** True while a test runs, in which no hook can be added. */
  readonly inTest: () => boolean;
  /**
   * Returns true if tests of the file run at the same time as the test that begins.
   *
   * @param task the test; undefined before all tests, and where the runner does not pass it
   */
  readonly concurrent: (task?: unknown) => boolean;
}

/**
 * Registers hooks that make a session for this test file, and end it.
 *
 * @param called function that the user called, at whose call the stack of an error begins
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues of the options, or within a test
 */
export function testSession(
  runner: Runner,
  options: TestSessionOptions,
  called: (...args: never[]) => unknown,
): TestSession {
  const site = callSite(called);
  return throwAt(site, () => {
    checkOptions(options, TEST_SESSION_OPTIONS, "Cannot make a session");
    if (runner.inTest()) {
      throw listedError(
        "ARGUMENT_INVALID",
        "Cannot make a session within a test: its end could not be registered. Call useSession once in the file, outside of tests and hooks, and use its session in the tests",
      );
    }
    return new FileSession(runner, options, site);
  });
}

/** Session of the file, from the first test to the last. */
class FileSession extends ControlCalls implements TestSession {
  #session: RemoteSession | undefined;
  #ended = false;

  constructor(
    { hooks, address: passed, file, setUp, concurrent }: Runner,
    { resets = true, ...options }: TestSessionOptions,
    site: CallSite,
  ) {
    super();
    hooks.beforeAll(async () => {
      if (resets && concurrent()) throw atCall(cutsOthers(), site);
      const address = passed?.() ?? sharedAddress(file?.());
      if (address === undefined) {
        throw atCall(
          listedError(
            "SERVER_NOT_STARTED",
            `Cannot make a session: no server is shared with this worker. ${setUp}`,
          ),
          site,
        );
      }
      resolveLocalhost();
      this.#session = await remoteSession(address, options, site);
    });
    if (resets) {
      // Vitest reads the names that a hook takes, and accepts a pattern only.
      hooks.beforeEach(async ({ task }) => {
        if (concurrent(task)) throw atCall(cutsOthers(), site);
        await this.#current.renew();
      });
    }
    hooks.afterAll(async () => {
      const last = this.#session;
      this.#session = undefined;
      this.#ended = true;
      await last?.stop();
    });
  }

  get #current(): RemoteSession {
    if (this.#session !== undefined) return this.#session;
    throw listedError(
      "SERVER_NOT_STARTED",
      this.#ended
        ? "Cannot use the session of a test file after its last test"
        : "Cannot use the session of a test file before its first test: read it within a test or a hook",
    );
  }

  get id(): string {
    return this.#current.id;
  }

  get url(): string {
    return this.#current.url;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#current.headers;
  }

  get serverUrl(): string {
    return this.#current.serverUrl;
  }

  protected override async makeCall(
    call: ControlCall,
    site: CallSite,
  ): Promise<unknown> {
    const session = throwAt(site, () => this.#current);
    return await session.ask(call, site);
  }
}

function cutsOthers(): PerfmockError {
  return listedError(
    "ARGUMENT_INVALID",
    "Cannot begin the session afresh before each test: tests of this file run at the same time, and one that begins would cut the requests of the others. Pass `resets: false` to useSession, so that they share the session as it is, or let the tests run one after the other, without `concurrent`",
  );
}
