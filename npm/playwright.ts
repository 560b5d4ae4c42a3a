/**
 * perfmock in Playwright: one server for the run, a session for each worker, and the figures of each test in its result.
 *
 *     // playwright.config.ts
 *     import { defineConfig } from "@playwright/test";
 *     import type { PerfmockOptions } from "perfmock/playwright";
 *
 *     export default defineConfig<object, PerfmockOptions>({
 *       globalSetup: "perfmock/playwright",
 *       workers: 4,
 *       use: { perfmockOptions: { config: "./mock.yaml", seed: 42 } },
 *     });
 *
 *     // tests/shop.spec.ts
 *     import { expect, test } from "perfmock/playwright";
 *
 *     test("shows a spinner", async ({ page, perfmock }) => {
 *       await perfmock.call("PATCH", "/routes/orders", { serviceTime: "2s" });
 *       await page.goto("/");
 *       await expect(page.getByRole("progressbar")).toBeVisible();
 *     });
 *
 * Each request of a page, and of the fixture `request`, carries the header that brings it to the worker's session, at whatever address
 * the frontend reaches the server: directly, or through a dev server.
 *
 * @module
 */
import {
  expect,
  type FullConfig,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  test as base,
  type TestInfo,
  type TestType,
} from "@playwright/test";
import { dirname } from "node:path";
import { PerfmockError } from "../core/errors.ts";
import type { PerfmockInput } from "../mod.ts";
import { PageLoads } from "../plugins/exporters/correlation/playwright.ts";
import { describeStats } from "./figures.ts";
import type { Controlled, StartOptions } from "./index.ts";
import { resolveLocalhost } from "./localhost.ts";
import {
  type RemoteSession,
  remoteSession,
  type ServerAddress,
} from "./remote.ts";
import { sharedAddress, shareServer, unshareServer } from "./shared_server.ts";

export { correlated } from "../plugins/exporters/correlation/playwright.ts";
export { expect };

/** Settings of perfmock in `use` of playwright.config. */
export interface ServerOptions extends StartOptions {
  /** Configuration, or the path of one from playwright.config's folder. Default no routes. */
  readonly config?: PerfmockInput | string;
  /** Token of the control API, for a configuration file that sets one. */
  readonly token?: string;
  /**
   * False to leave requests without the header that names the session: then tests use `perfmock.url`, a host name below `localhost`.
   * Default true.
   */
  readonly header?: boolean;
  /**
   * True to attach the page loads of each test, request by request: what the server planned beside what the browser observed.
   * Default false.
   */
  readonly pages?: boolean;
}

/** Session of a test. */
export interface TestBackend extends Controlled {
  /** Name of the session. */
  readonly id: string;
  /** Header that brings a request to the session at the server's own address. */
  readonly headers: Readonly<Record<string, string>>;
  /** Address of the server itself, with a trailing slash; the default of `baseURL`. */
  readonly serverUrl: string;
}

/** Fixtures of a test. */
export interface PerfmockFixtures {
  /** The worker's session. It begins afresh with each test, whose result receives the figures. */
  readonly perfmock: TestBackend;
}

/** Options and fixtures of a worker. */
export interface PerfmockOptions {
  /** Server of the run. */
  readonly perfmockOptions: ServerOptions;
}

/** Fixtures of a worker. */
export interface PerfmockWorkerFixtures extends PerfmockOptions {
  /** Session of the worker. */
  readonly perfmockSession: WorkerSession;
}

/** Session of a worker, and the server's address. */
export interface WorkerSession {
  /** Session. */
  readonly session: RemoteSession;
  /** Address of the server. */
  readonly address: ServerAddress;
}

/** Maximum number of requests in the journal that is attached. */
const ATTACHED = 1000;

/** Test with perfmock's fixtures. */
export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & PerfmockFixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & PerfmockWorkerFixtures
> = base.extend<PerfmockFixtures, PerfmockWorkerFixtures>({
  perfmockOptions: [{}, { option: true, scope: "worker" }],
  perfmockSession: [
    async ({ perfmockOptions }, use, { config }) => {
      resolveLocalhost();
      const shared = sharedAddress();
      const address = shared ?? await ownServer(perfmockOptions, config);
      try {
        const session = await remoteSession(address);
        await use({ session, address });
        await session.stop();
      } finally {
        if (shared === undefined) await unshareServer();
      }
    },
    { scope: "worker" },
  ],
  perfmock: [
    async ({ perfmockSession: { session } }, use, info) => {
      await session.renew();
      await use(session);
      await attachFigures(session, info);
    },
    { auto: true },
  ],
  baseURL: async ({ baseURL, perfmock }, use) => {
    await use(baseURL ?? perfmock.serverUrl);
  },
  extraHTTPHeaders: async (
    { extraHTTPHeaders, perfmock, perfmockOptions },
    use,
  ) => {
    await use(
      perfmockOptions.header === false
        ? extraHTTPHeaders
        : { ...extraHTTPHeaders, ...perfmock.headers },
    );
  },
  page: async ({ page, perfmockOptions, perfmockSession }, use, info) => {
    if (perfmockOptions.pages !== true) return await use(page);
    const { address: { control, token } } = perfmockSession;
    const loads = await PageLoads.follow(page, control);
    await use(page);
    await loads.attach(info, token);
  },
});

/** Attaches the figures of a test and its requests to the result. */
async function attachFigures(
  session: RemoteSession,
  info: TestInfo,
): Promise<void> {
  try {
    await info.attach("perfmock: figures", {
      body: describeStats(await session.stats()),
      contentType: "text/plain",
    });
    await info.attach("perfmock: requests", {
      body: JSON.stringify(await session.requests(ATTACHED), null, 2),
      contentType: "application/json",
    });
  } catch (error) {
    if (!(error instanceof PerfmockError)) throw error;
    // The test has said itself what it found; that there are no figures is no reason to fail.
    await info.attach("perfmock: not available", {
      body: error.message,
      contentType: "text/plain",
    });
  }
}

/** Global set-up of a run: starts one server for all workers, and returns the function that ends it. */
export default async function globalSetup(
  config: FullConfig,
): Promise<() => Promise<void>> {
  await share(optionsIn(config), config);
  return unshareServer;
}

/**
 * Settings of the server in a configuration of Playwright. All projects share the server.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` if projects have different ones
 */
function optionsIn({ projects }: FullConfig): ServerOptions {
  const all = projects.map(({ use }) =>
    (use as Partial<PerfmockOptions>).perfmockOptions ?? {}
  );
  const [first = {}] = all;
  if (all.every((one) => JSON.stringify(one) === JSON.stringify(first))) {
    return first;
  }
  throw new PerfmockError(
    "ARGUMENT_INVALID",
    "Cannot start one server for all projects: their perfmockOptions differ",
  );
}

async function share(
  options: ServerOptions,
  { configFile, rootDir }: FullConfig,
): Promise<ServerAddress> {
  const { config, header: _header, pages: _pages, ...more } = options;
  const cwd = configFile === undefined ? rootDir : dirname(configFile);
  return await shareServer(config, { cwd, ...more });
}

/** Starts a server for this worker alone, where no global set-up has started one for all. */
async function ownServer(
  options: ServerOptions,
  config: FullConfig,
): Promise<ServerAddress> {
  try {
    return await share(options, config);
  } catch (error) {
    if (!(error instanceof PerfmockError) || error.code !== "PORT_IN_USE") {
      throw error;
    }
    throw new PerfmockError(
      error.code,
      `${error.message}\n\nEach of the ${config.workers} workers starts a server of its own. Share one by \`globalSetup: "perfmock/playwright"\` in the configuration of Playwright, or leave the port out`,
      error.issues,
      { cause: error },
    );
  }
}
