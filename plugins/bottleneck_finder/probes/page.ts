/**
 * Figures of a page in Chromium. Each load has a browser context of its own, with an empty cache, unless asked otherwise.
 *
 * @module
 */
import type { BrowserContext } from "playwright-core";
import { type Clock, PerfmockError } from "../../../core/plugin.ts";
import { BrowserKeeper, type Launch } from "./chromium.ts";
import { type PageFigure, readFigureName } from "./figure_names.ts";
import { PageLoad } from "./page_load.ts";
import type { Conditions, Loaded, LoadFailure, Probe } from "./probe.ts";
import { type Actions, readActions } from "./read_browser.ts";
import { firstLine, sleep } from "./waiting.ts";

/** Settings of a page. */
export interface PageOptions {
  /** URL of the page. */
  readonly url: string;
  /** Figure: LCP, INP, TTFB, FCP, measure:NAME or selector-visible:CSS. */
  readonly figure: string;
  /** URL of a module with a default function `async (page) => { … }`, which acts on the page after it has loaded. */
  readonly actions?: URL | undefined;
  /** Path of Chromium. Default Playwright's own, else one that is installed. */
  readonly executable?: string | undefined;
  /** Browser cache: `cold`, the default, is empty; `warm` has what a load just before has left, which takes twice as long. */
  readonly cache?: "cold" | "warm" | undefined;
  /** Maximum time of a load, in ms. Default 30 s. */
  readonly timeout?: number | undefined;
  /** Time without requests, new contents and long tasks after which a page has settled, in ms. Default 500. */
  readonly quiet?: number | undefined;
  /** Patterns of URLs that a page settles without, such as long polls (https://urlpattern.spec.whatwg.org). */
  readonly ignore?: readonly string[] | undefined;
  /** Size of the window in CSS pixels. Default 1280 × 720. */
  readonly viewport?:
    | { readonly width: number; readonly height: number }
    | undefined;
}

/** Parts of a page probe that tests replace. */
export interface PageParts {
  /** Clock of the server. */
  readonly clock: Clock;
  /** Starts the browser. Default Chromium through playwright-core. */
  readonly launch?: Launch | undefined;
}

/**
 * Creates a probe of a page.
 *
 * @throws PerfmockError `ARGUMENT_INVALID` for a figure that does not exist, and for INP without actions
 */
export function pageProbe(options: PageOptions, parts: PageParts): Probe {
  const figure = readFigureName(options.figure);
  const issue = "issue" in figure
    ? figure.issue
    : figure.kind === "INP" && options.actions === undefined
    ? "INP needs actions: without an input there is no interaction"
    : undefined;
  if ("issue" in figure || issue !== undefined) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot measure the figure ${options.figure}: ${issue}`,
    );
  }
  return new PageProbe(options, figure, parts);
}

/** Maximum time of a load, in ms, where the user gives none. */
const TIMEOUT = 30_000;

/** Time without requests, new contents and long tasks after which a page has settled, in ms, where the user gives none. */
const QUIET = 500;

/** Time in which a crash is known after a call to the page failed for it, in ms. */
const CRASH_NEWS = 1000;

/** Time in which a browser closes the pages of a load, and in which it ends, in ms. */
const CLOSING = 5_000;

class PageProbe implements Probe {
  readonly figure: string;
  readonly #options: PageOptions;
  readonly #figure: PageFigure;
  readonly #clock: Clock;
  readonly #browsers: BrowserKeeper;
  readonly #ignored: readonly URLPattern[];
  #actions: Actions | undefined;

  constructor(
    options: PageOptions,
    figure: PageFigure,
    { clock, launch }: PageParts,
  ) {
    this.figure = options.figure;
    this.#options = options;
    this.#figure = figure;
    this.#clock = clock;
    this.#browsers = new BrowserKeeper(options.executable, launch);
    this.#ignored = (options.ignore ?? []).map(patternOf);
  }

  async start(): Promise<void> {
    const { actions } = this.#options;
    if (actions !== undefined) this.#actions = await readActions(actions);
    const browser = await this.#browsers.get();
    try {
      // The first page of a browser is slower than all others.
      const context = await browser.newContext();
      await (await context.newPage()).goto("data:text/html,<h1>perfmock</h1>");
      await context.close();
    } catch (error) {
      throw new PerfmockError(
        "PROBE_UNAVAILABLE",
        `Cannot open a page in the browser: ${firstLine(error)}`,
        [],
        { cause: error },
      );
    }
  }

  async load({ began, cpu, floors, signal }: Conditions): Promise<Loaded> {
    const browser = await this.#browsers.get();
    const ended = new AbortController();
    const lost = Promise.withResolvers<LoadFailure>();
    const fail = (failure: string) => lost.resolve({ failure });
    const interrupted = () => fail("The load was interrupted");
    const disconnected = () => fail("The browser ended during the load");
    if (signal.aborted) return { failure: "The load was interrupted" };
    signal.addEventListener("abort", interrupted);
    browser.once("disconnected", disconnected);
    const opening = browser.newContext({
      ignoreHTTPSErrors: true,
      viewport: this.#options.viewport ?? { width: 1280, height: 720 },
    });
    const load = new PageLoad({
      clock: this.#clock,
      url: this.#options.url,
      figure: this.#figure,
      actions: this.#actions,
      warm: this.#options.cache === "warm",
      quiet: this.#options.quiet ?? QUIET,
      ignored: this.#ignored,
      began,
      cpu,
      floors,
      signal: ended.signal,
      fail,
    });
    void this.#afterTime(ended.signal, (limit) => fail(load.late(limit)));
    try {
      const measured = opening.then((context) => load.measure(context));
      return await Promise.race([measured, lost.promise]);
    } catch (error) {
      if (error instanceof PerfmockError) throw error;
      // Calls to a page that crashes may fail before its crash is known, which is the reason to report.
      const failure = load.reason(error);
      if (load.isSure(error)) return { failure };
      const soon = sleep(this.#clock, CRASH_NEWS, ended.signal)
        .then(() => ({ failure }));
      return await Promise.race([lost.promise, soon]);
    } finally {
      ended.abort();
      signal.removeEventListener("abort", interrupted);
      browser.off("disconnected", disconnected);
      await this.#end(opening);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#awaited(this.#browsers[Symbol.asyncDispose]());
  }

  /** Waits for the end of the browser, but not for ever: a process that was stopped never answers. It ends with ours at the latest. */
  #awaited(closing: Promise<void>): Promise<void> {
    return sleep(this.#clock, CLOSING, new AbortController().signal, closing);
  }

  async #afterTime(
    signal: AbortSignal,
    late: (limit: number) => void,
  ): Promise<void> {
    const limit = this.#options.timeout ?? TIMEOUT;
    await sleep(this.#clock, limit, signal);
    if (!signal.aborted) late(limit);
  }

  /** Closes the context, so that no request of it is left when the next load begins. A browser that does not close it is ended. */
  async #end(opening: Promise<BrowserContext>): Promise<void> {
    const waiting = new AbortController();
    const closed = opening.then((context) => context.close())
      .then(() => true, () => true);
    const late = sleep(this.#clock, CLOSING, waiting.signal).then(() => false);
    const done = await Promise.race([closed, late]);
    waiting.abort();
    if (!done) await this.#awaited(this.#browsers.close());
  }
}

/** @throws PerfmockError `ARGUMENT_INVALID` */
function patternOf(text: string): URLPattern {
  try {
    return new URLPattern(text);
  } catch (error) {
    throw new PerfmockError(
      "ARGUMENT_INVALID",
      `Cannot ignore requests by the pattern ${text}: it is no absolute URL pattern, such as http://*:*/api/poll`,
      [],
      { cause: error },
    );
  }
}
