/**
 * perfmock in Jest: one server for the run, and a session for each test file.
 *
 *     // jest.config.mjs
 *     export default { globalSetup: "./perfmock.setup.mjs", globalTeardown: "perfmock/jest/teardown" };
 *
 *     // perfmock.setup.mjs
 *     import { perfmockSetup } from "perfmock/jest";
 *     export default perfmockSetup("./mock.yaml", { seed: 42 });
 *
 * A test file has its session from one line:
 *
 *     import { useSession } from "perfmock/jest";
 *     const backend = useSession({ routes: { orders: { serviceTime: "2s" } } });
 *     test("shows a spinner", async () => { await fetch(new URL("/orders", backend.url)); });
 *
 * @module
 */
import { PerfmockError } from "../core/errors.ts";
import type { PerfmockInput } from "../mod.ts";
import { type SharedOptions, shareServer } from "./shared_server.ts";
import {
  type Hooks,
  type TestSession,
  testSession,
  type TestSessionOptions,
} from "./test_session.ts";

export type { SharedOptions } from "./shared_server.ts";
export type { TestSession, TestSessionOptions } from "./test_session.ts";

/**
 * Returns the global set-up of a run, which starts one server for all workers; `perfmock/jest/teardown` ends it.
 *
 * @param config configuration, or the path or file URL of one
 */
export function perfmockSetup(
  config?: PerfmockInput | string | URL,
  options: SharedOptions = {},
): () => Promise<void> {
  return async () => {
    await shareServer(config, options);
  };
}

/**
 * Makes a session for this test file. Call it outside of tests.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` outside of Jest
 */
export function useSession(options: TestSessionOptions = {}): TestSession {
  return testSession(
    hooksOfJest(),
    options,
    'Name a file with `export default perfmockSetup(…)` of "perfmock/jest" as `globalSetup` in the configuration of Jest',
  );
}

/** Jest's hooks are global in test files. */
function hooksOfJest(): Hooks {
  const { beforeAll, beforeEach, afterAll } = globalThis as unknown as Partial<
    Hooks
  >;
  if (
    beforeAll === undefined || beforeEach === undefined ||
    afterAll === undefined
  ) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      "Cannot make a session: this is no test file of Jest, whose hooks are missing",
    );
  }
  return { beforeAll, beforeEach, afterAll };
}
