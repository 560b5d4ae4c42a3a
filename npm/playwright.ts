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
  type FullProject,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  test as base,
  type TestInfo,
  type TestType,
} from "@playwright/test";
import { createHash } from "node:crypto";
import { dirname } from "node:path";
import { type Issue, PerfmockError } from "../core/errors.ts";
import type { PerfmockInput } from "./configuration.ts";
import { PageLoads } from "../plugins/exporters/correlation/playwright.ts";
import { describeStats } from "./figures.ts";
import type { Controlled, StartOptions } from "./index.ts";
import { resolveLocalhost } from "./localhost.ts";
import { optionIssues } from "../core/lib/options.ts";
import { argumentError, PLAYWRIGHT_OPTIONS } from "./options.ts";
import {
  type RemoteSession,
  remoteSession,
  type ServerAddress,
} from "./remote.ts";
import {
  sharedAddress,
  type SharedServer,
  shareServer,
} from "./shared_server.ts";

export { correlated } from "../plugins/exporters/correlation/playwright.ts";
export { expect };

/**
 * Settings of perfmock in `use` of playwright.config. `test.use({ perfmockOptions })` in a test file, and `use` of a project, replace
 * those that they name. Where a global set-up has started the server, these are `seed`, for the worker's session, `header` and `pages`.
 */
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
  /** Settings of the worker. */
  readonly options: ServerOptions;
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
    async ({ perfmockOptions }, use, { config, project }) => {
      const options = mergedOptions(project, perfmockOptions);
      resolveLocalhost();
      const shared = sharedAddress();
      if (shared !== undefined) checkShared(shared, options);
      const { address, stop } = shared === undefined
        ? await ownServer(options, config)
        : { address: shared, stop: async () => {} };
      const { seed } = options;
      try {
        const session = await remoteSession(
          address,
          seed === undefined ? {} : { seed },
        );
        await use({ session, address, options });
        await session.stop();
      } finally {
        await stop();
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
    { extraHTTPHeaders, perfmock, perfmockSession: { options } },
    use,
  ) => {
    await use(
      options.header === false
        ? extraHTTPHeaders
        : { ...extraHTTPHeaders, ...perfmock.headers },
    );
  },
  page: async ({ page, perfmockSession }, use, info) => {
    const { address: { control, token }, options } = perfmockSession;
    if (options.pages !== true) return await use(page);
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
  return (await share(optionsIn(config), config)).stop;
}

/** Settings that each worker may have for itself, although the server is shared. */
const OF_WORKERS: ReadonlySet<string> = new Set(["seed", "header", "pages"]);

/** Next steps for a worker that wants another server than the shared one. */
const REMEDY =
  'change the session in the test, as perfmock.call("PATCH", "/routes/ID", …) or perfmock.update(…) do; or leave `globalSetup: "perfmock/playwright"` out, so that each worker starts a server with its own perfmockOptions';

/** Settings of a project of the configuration. */
function optionsOf({ use }: Pick<FullProject, "use">): ServerOptions {
  return (use as Partial<PerfmockOptions>).perfmockOptions ?? {};
}

/**
 * Settings of a worker: those of its project, replaced by those that a test file names.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues of the settings
 */
function mergedOptions(
  project: Pick<FullProject, "use">,
  own: ServerOptions,
): ServerOptions {
  const issues = optionIssues(own, PLAYWRIGHT_OPTIONS, "perfmockOptions");
  if (issues.length > 0) throw argumentError("Cannot start perfmock", issues);
  return { ...optionsOf(project), ...own };
}

/**
 * Settings of the server in a configuration of Playwright. All projects share the server.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` with all issues of the settings, also if projects want different servers
 */
function optionsIn({ projects }: FullConfig): ServerOptions {
  // A project that does not name a setting takes the server as it is; of several values, the first counts.
  const server = Object.assign({}, ...projects.map(optionsOf).toReversed());
  const issues = projects.flatMap((project) => {
    const name = project.name === "" ? "" : ` of project "${project.name}"`;
    const path = `perfmockOptions${name}`;
    const options = optionsOf(project);
    const wrong = optionIssues(options, PLAYWRIGHT_OPTIONS, path);
    return wrong.length > 0
      ? wrong
      : differences(digests(server), options, path, "another project");
  });
  if (issues.length === 0) return server;
  throw argumentError("Cannot start one server for all projects", issues);
}

/** @throws PerfmockError `ARGUMENT_INVALID` with all settings that the shared server does not have */
function checkShared(
  { options: started }: ServerAddress,
  options: ServerOptions,
): void {
  // A set-up of the user's own may have started the server with other settings: it knows which.
  if (started === undefined) return;
  const issues = differences(
    started,
    options,
    "perfmockOptions",
    "the server that globalSetup has started",
  );
  if (issues.length === 0) return;
  throw argumentError(
    "Cannot use these perfmockOptions with a shared server",
    issues,
  );
}

/**
 * Returns an issue for each setting that differs from those of a shared server, unless a worker may have it for itself.
 *
 * @param started digests of the server's settings
 */
function differences(
  started: Readonly<Record<string, string>>,
  options: ServerOptions,
  path: string,
  other: string,
): Issue[] {
  const own = digests(options);
  return Object.entries(options).flatMap(([key, value]) =>
    OF_WORKERS.has(key) || own[key] === started[key] ? [] : [{
      path: `${path}.${key}`,
      message: `This differs from ${other}, and all workers share one server`,
      value: key === "config" && typeof value === "object" ? undefined : value,
      allowed: `the same for all, or ${[...OF_WORKERS].join(", ")}`,
      suggestion: REMEDY,
    }]
  );
}

/** A short text for each setting, the same for equal ones: an environment variable does not hold a long one. */
function digests(options: ServerOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined)
      .map(([key, value]) => [
        key,
        createHash("sha256").update(
          value instanceof URL ? value.href : JSON.stringify(value),
        ).digest("base64url").slice(0, 16),
      ]),
  );
}

async function share(
  options: ServerOptions,
  { configFile, rootDir }: FullConfig,
): Promise<SharedServer> {
  const { config, header: _header, pages: _pages, ...more } = options;
  const cwd = configFile === undefined ? rootDir : dirname(configFile);
  return await shareServer(config, { cwd, ...more }, {
    digests: digests(options),
  });
}

/** Starts a server for this worker alone, where no global set-up has started one for all. */
async function ownServer(
  options: ServerOptions,
  config: FullConfig,
): Promise<SharedServer> {
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
