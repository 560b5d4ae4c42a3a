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
import type { ServerAddress } from "./remote.ts";
import { type SharedOptions, shareServer } from "./shared_server.ts";
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

/** Name under which Vitest passes the address of a project's server to its test files. */
const ADDRESS = "perfmock";

/** Project of a run of Vitest, as its global set-up receives it. */
export interface VitestProject {
  /** Passes a value to the project's test files. */
  readonly provide?: unknown;
}

/** Passes a value to test files, as Vitest does: its own type knows the names that a project has declared only. */
type Provide = (
  this: VitestProject,
  name: string,
  value: ServerAddress,
) => void;

/**
 * Returns the global set-up of a run, which starts one server for all workers and returns the function that ends it. Projects with
 * set-ups of their own have servers of their own, and share one if they are set up alike.
 *
 * @param config configuration, or the path or file URL of one
 */
export function perfmockSetup(
  config?: PerfmockInput | string | URL,
  options: SharedOptions = {},
): (project?: VitestProject) => Promise<() => Promise<void>> {
  return async (project) => {
    const provide = project?.provide as Provide | undefined;
    const folder = provide === undefined ? "" : null;
    const { address, stop } = await shareServer(config, options, { folder });
    if (project !== undefined) provide?.call(project, ADDRESS, address);
    return stop;
  };
}

/** Part of Vitest's module that a session needs. */
interface Vitest extends Hooks {
  /** Returns a value that a global set-up has passed. */
  readonly inject: (name: string) => unknown;
  /** Runner of tests, from Vitest 4.1 on. */
  readonly TestRunner?: {
    /** Returns the test that runs; undefined outside of tests. */
    readonly getCurrentTest?: () => unknown;
  };
}

const vitest: Vitest | undefined = await import(VITEST).catch(() => undefined);

/** Returns the test that runs; undefined outside of tests. Vitest 4.1 warns of the module that has it in earlier versions. */
const currentTest: () => unknown = vitest?.TestRunner?.getCurrentTest ??
  await import(`${VITEST}/suite`).then(
    ({ getCurrentTest }) => getCurrentTest ?? (() => undefined),
    () => () => undefined,
  );

/**
 * Makes a session for this test file. Call it outside of tests.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` where there is no Vitest, within a test, or with all issues of the options
 */
export function useSession(options: TestSessionOptions = {}): TestSession {
  const runner = vitest;
  if (runner === undefined) {
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
      hooks: runner,
      address: () => runner.inject(ADDRESS) as ServerAddress | undefined,
      setUp:
        'Name a file with `export default perfmockSetup(…)` of "perfmock/vitest" as `globalSetup` in the configuration of Vitest',
      inTest: () => currentTest() !== undefined,
      concurrent: (task) => Object(task).concurrent === true,
    },
    options,
    useSession,
  );
}
