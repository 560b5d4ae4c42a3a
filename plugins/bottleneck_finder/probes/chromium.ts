/**
 * The browser: one Chromium for all loads, started again after a crash.
 *
 * @module
 */
import type { Browser } from "playwright-core";
import { PerfmockError } from "../../../core/plugin.ts";
import { findBrowser, INSTALL } from "./read_browser.ts";
import { firstLine } from "./waiting.ts";

/**
 * Features that Playwright turns off. Of several `--disable-features`, Chromium takes the last one alone, so that ours has to repeat
 * them.
 */
export const PLAYWRIGHT_DISABLES: readonly string[] = [
  "AcceptCHFrame",
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "DialMediaRouteProvider",
  "GlobalMediaControls",
  "HttpsUpgrades",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "Translate",
  "AutoDeElevate",
  "RenderDocument",
  "OptimizationHints",
];

/** Features that are turned off for less noise, each with its reason. None changes how a page is loaded or drawn. */
const NOISE: readonly string[] = [
  // While a page loads, Chromium starts a process for the next one, which competes with the page for the processor.
  "SpareRendererForSitePerProcess",
];

/** Arguments of Chromium beside those of Playwright. */
export const FLAGS: readonly string[] = [
  `--disable-features=${[...PLAYWRIGHT_DISABLES, ...NOISE].join(",")}`,
];

/** Starts a browser. */
export type Launch = (executable: string | undefined) => Promise<Browser>;

/** Parts of {@linkcode launcher} that tests replace. */
export interface LauncherParts {
  /** Loads playwright-core. */
  readonly load: () => Promise<
    Pick<typeof import("playwright-core"), "chromium">
  >;
  /** Finds the browser's program. */
  readonly find: (given: string | undefined, own: string) => string;
}

/**
 * Makes a function that starts Chromium through playwright-core, which is loaded only then. It throws PerfmockError
 * `PROBE_UNAVAILABLE`.
 */
export function launcher({ find, load }: LauncherParts): Launch {
  return async (executable) => {
    const { chromium } = await load().catch((error: unknown) => {
      throw new PerfmockError(
        "PROBE_UNAVAILABLE",
        `Cannot load the package playwright-core, which drives the browser: ${
          firstLine(error)
        }. Install it: npm install playwright-core`,
        [],
        { cause: error },
      );
    });
    const options = {
      args: [...FLAGS],
      // The process that runs the probe decides when the browser ends.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    };
    if (executable === undefined) {
      try {
        // Playwright's own, without a window.
        return await chromium.launch(options);
      } catch {
        // It is not installed, or does not run here: another one may.
      }
    }
    const executablePath = find(executable, chromium.executablePath());
    try {
      return await chromium.launch({ ...options, executablePath });
    } catch (error) {
      throw new PerfmockError(
        "PROBE_UNAVAILABLE",
        `Cannot start the browser ${executablePath}: ${firstLine(error)}`,
        [{
          path: "/page/executable",
          message: "The browser does not start",
          value: executablePath,
          suggestion: `install another one: ${INSTALL}`,
        }],
        { cause: error },
      );
    }
  };
}

const launchChromium = launcher({
  load: () => import("playwright-core"),
  find: findBrowser,
});

/** Keeps one browser. */
export class BrowserKeeper implements AsyncDisposable {
  readonly #launch: Launch;
  readonly #executable: string | undefined;
  #browser: Browser | undefined;
  #disposed = false;

  /** Starts no browser yet. */
  constructor(executable: string | undefined, launch: Launch = launchChromium) {
    this.#executable = executable;
    this.#launch = launch;
  }

  /**
   * Returns the browser; starts one if there is none, or if it has ended.
   *
   * @throws PerfmockError `PROBE_UNAVAILABLE`
   */
  async get(): Promise<Browser> {
    if (this.#browser?.isConnected()) return this.#browser;
    await this.close();
    const browser = await this.#launch(this.#executable);
    this.#browser = browser;
    if (!this.#disposed) return browser;
    await this.close();
    throw new PerfmockError(
      "PROBE_UNAVAILABLE",
      "Cannot start the browser: the probe has ended",
    );
  }

  /** Ends the browser, so that the next load starts a new one. */
  async close(): Promise<void> {
    const browser = this.#browser;
    this.#browser = undefined;
    // Playwright kills what does not close, and removes its folder.
    await browser?.close().catch(() => {});
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    return this.close();
  }
}
