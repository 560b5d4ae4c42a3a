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
import { PerfmockError } from "../core/errors.ts";
import type { PerfmockInput } from "../mod.ts";
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

const hooks: Hooks | undefined = await import(VITEST).catch(() => undefined);

/**
 * Makes a session for this test file. Call it outside of tests.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` where there is no Vitest
 */
export function useSession(options: TestSessionOptions = {}): TestSession {
  if (hooks === undefined) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      "Cannot make a session: there is no package vitest, whose hooks it needs",
    );
  }
  return testSession(
    hooks,
    options,
    'Name a file with `export default perfmockSetup(…)` of "perfmock/vitest" as `globalSetup` in the configuration of Vitest',
  );
}
