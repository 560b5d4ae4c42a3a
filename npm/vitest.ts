/**
 * perfmock in Vitest: one server for the run, and a session for each test file.
 *
 * A file that `globalSetup` in vitest.config names starts the server:
 *
 *     // perfmock.setup.ts
 *     import { perfmockSetup } from "perfmock/vitest";
 *     export default perfmockSetup("./mock.yaml", { seed: 42 });
 *
 * A test file has its session from one line:
 *
 *     import { useSession } from "perfmock/vitest";
 *     const backend = useSession({ routes: { orders: { serviceTime: "2s" } } });
 *     test("shows a spinner", async () => { await fetch(new URL("/orders", backend.url)); });
 *
 * @module
 */
import { atCall, callSite } from "./call_site.ts";
import { listedError } from "./errors.ts";
import type { PerfmockInput } from "./configuration.ts";
import {
  type SharedOptions,
  shareServer,
  unshareServer,
} from "./shared_server.ts";
import {
  type Hooks,
  type TestSession,
  testSession,
  type TestSessionOptions,
} from "./test_session.ts";

export type { SharedOptions } from "./shared_server.ts";
export type { TestSession, TestSessionOptions } from "./test_session.ts";

/** Name of Vitest's module, which only a project that uses this one has: the compiler must not look for it. */
const VITEST: string = "vitest";

/**
 * Returns the global set-up of a run, which starts one server for all workers and returns the function that ends it.
 *
 * @param config configuration, or the path or file URL of one
 */
export function perfmockSetup(
  config?: PerfmockInput | string | URL,
  options: SharedOptions = {},
): () => Promise<() => Promise<void>> {
  return async () => {
    await shareServer(config, options);
    return unshareServer;
  };
}

const vitest: Hooks | undefined = await import(VITEST).catch(() => undefined);

/** Returns the test that runs; undefined outside of tests. */
const currentTest: () => unknown = await import(`${VITEST}/suite`).then(
  ({ getCurrentTest }) => getCurrentTest ?? (() => undefined),
  () => () => undefined,
);

/**
 * Makes a session for this test file. Call it outside of tests.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` where there is no Vitest, within a test, or with all issues of the options
 */
export function useSession(options: TestSessionOptions = {}): TestSession {
  if (vitest === undefined) {
    throw atCall(
      listedError(
        "ARGUMENT_INVALID",
        "Cannot make a session: there is no package vitest, whose hooks it needs",
      ),
      callSite(useSession),
    );
  }
  return testSession(
    {
      hooks: vitest,
      setUp:
        'Name a file with `export default perfmockSetup(…)` of "perfmock/vitest" as `globalSetup` in the configuration of Vitest',
      inTest: () => currentTest() !== undefined,
      concurrent: (task) => Object(task).concurrent === true,
    },
    options,
    useSession,
  );
}
