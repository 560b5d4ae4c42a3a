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
import { listedError } from "./errors.ts";
import type { PerfmockInput } from "./configuration.ts";
import { atCall, callSite } from "./call_site.ts";
import { type SharedOptions, shareServer } from "./shared_server.ts";
import {
  type Hooks,
  type TestSession,
  testSession,
  type TestSessionOptions,
} from "./test_session.ts";

export type { SharedOptions } from "./shared_server.ts";
export type { TestSession, TestSessionOptions } from "./test_session.ts";

/** Configuration of a project of Jest, as its global set-up receives it. */
export interface JestProject {
  /** Folder of the project. */
  readonly rootDir?: string;
  /** Unique name of the project. */
  readonly id?: string;
}

/** Projects that have set a server up, by their folders. */
const projects = new Map<string, string | undefined>();

/**
 * Returns the global set-up of a run, which starts one server for all workers; `perfmock/jest/teardown` ends it. Projects with set-ups
 * of their own have servers of their own, for the test files below their `rootDir`.
 *
 * @param config configuration, or the path or file URL of one
 * @throws PerfmockError `ARGUMENT_INVALID` if another project with the same `rootDir` has set a server up
 */
export function perfmockSetup(
  config?: PerfmockInput | string | URL,
  options: SharedOptions = {},
): (run?: unknown, project?: JestProject) => Promise<void> {
  return async (_run, project) => {
    const { rootDir: folder = "", id } = project ?? {};
    if (projects.has(folder) && projects.get(folder) !== id) {
      throw listedError(
        "ARGUMENT_INVALID",
        `Cannot share a second server with the test files in ${folder}: another project of Jest with the same rootDir has a server. Name one file as \`globalSetup\` of both, or give each project a rootDir of its own`,
      );
    }
    projects.set(folder, id);
    await shareServer(config, options, { folder });
  };
}

/**
 * Makes a session for this test file. Call it outside of tests.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` outside of Jest, within a test, or with all issues of the options
 */
export function useSession(options: TestSessionOptions = {}): TestSession {
  return testSession(
    {
      hooks: hooksOfJest(),
      file: () => stateOfExpect()?.testPath,
      setUp:
        'Name a file with `export default perfmockSetup(…)` of "perfmock/jest" as `globalSetup` in the configuration of Jest',
      inTest: () => stateOfJest()?.currentlyRunningTest != null,
      // Jest begins all of them before the first hook of a test.
      concurrent: () => isConcurrent(stateOfJest()?.rootDescribeBlock),
    },
    options,
    useSession,
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
    throw atCall(
      listedError(
        "ARGUMENT_INVALID",
        "Cannot make a session: this is no test file of Jest, whose hooks are missing",
      ),
      callSite(useSession),
    );
  }
  return {
    beforeAll,
    // Jest takes an argument for a callback that the hook would have to call.
    beforeEach: (run) => beforeEach(() => run({})),
    afterAll,
  };
}

/** Part of the state of Jest's runner, jest-circus. */
interface State {
  readonly currentlyRunningTest?: unknown;
  readonly rootDescribeBlock?: Block;
}

/** A test, or a block of tests. */
interface Block {
  readonly concurrent?: boolean;
  readonly children?: readonly Block[];
}

/** State of the runner, which has no other way to tell which tests are concurrent; undefined in other runners of Jest. */
function stateOfJest(): State | undefined {
  const key = Object.getOwnPropertySymbols(globalThis).find((symbol) =>
    symbol.description === "JEST_STATE_SYMBOL"
  );
  return key === undefined
    ? undefined
    : Reflect.get(globalThis, key) as State | undefined;
}

/** State of the assertions in a test file, which has the file's path. */
function stateOfExpect(): { readonly testPath?: string } | undefined {
  const { expect } = globalThis as unknown as {
    readonly expect?: {
      readonly getState?: () => { readonly testPath?: string };
    };
  };
  return expect?.getState?.();
}

/** True for a concurrent test, and for a block with one. */
function isConcurrent(block: Block | undefined): boolean {
  return block?.concurrent === true ||
    (block?.children ?? []).some(isConcurrent);
}
