/**
 * One load of a page, in a browser context of its own.
 *
 * @module
 */
import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { type Clock, PerfmockError } from "../../../core/plugin.ts";
import type { PageFigure } from "./figure_names.ts";
import lookScript from "./page_look.js" with { type: "text" };
import { PageRequests } from "./page_requests.ts";
import pageScript from "./page_script.js" with { type: "text" };
import type { Conditions, LoadedFigures } from "./probe.ts";
import type { Actions } from "./read_browser.ts";
import { type Look, Settler } from "./settling.ts";
import { firstLine, seconds } from "./waiting.ts";

/** Description of a load. */
export interface PageLoadInput extends Conditions {
  readonly clock: Clock;
  /** URL of the page. */
  readonly url: string;
  readonly figure: PageFigure;
  readonly actions: Actions | undefined;
  /** True to load the page once before, for its cache. */
  readonly warm: boolean;
  /** Time without activity after which the page has settled, in ms. */
  readonly quiet: number;
  /** URLs that the page settles without. */
  readonly ignored: readonly URLPattern[];
  /** Ends the load, with the reason, before the figure is there. */
  readonly fail: (failure: string) => void;
}

/** Thrown by a load that cannot give its figure; the message is the reason. */
class NoFigure extends Error {}

/** One load. */
export class PageLoad {
  readonly #input: PageLoadInput;
  #settler: Settler | undefined;
  #step = "the browser";
  /** True since the actions began, which may go on to another page. */
  #acting = false;

  /** Prepares the load. */
  constructor(input: PageLoadInput) {
    this.#input = input;
  }

  /**
   * Loads the page, and returns its figures.
   *
   * @param context new browser context, which the caller closes
   */
  async measure(context: BrowserContext): Promise<LoadedFigures> {
    const { actions, began, figure, warm } = this.#input;
    if (actions?.prepare !== undefined) {
      await this.#run("preparation", () => actions.prepare?.(context));
    }
    if (warm) {
      await this.#warm(context);
      began?.();
    }
    const argument = scriptArgument(figure, actions !== undefined);
    if (argument !== undefined) {
      await context.addInitScript({
        content: `${pageScript.trim().replace(/;$/, "")}(${
          JSON.stringify(argument)
        });`,
      });
    }
    const page = await context.newPage();
    const { settler, requests } = await this.#open(context, page);
    let look = await settler.settle();
    if (actions !== undefined && look?.error === undefined) {
      this.#settler = undefined;
      this.#acting = true;
      await this.#run("actions", () => actions.act(page));
      this.#step = "the page to settle after its actions";
      // The browser reports an interaction some frames after it.
      requests.restart();
      const after = this.#follow(page, requests, true);
      look = await after.settle();
    }
    if (look === undefined) throw new NoFigure("The load was interrupted");
    return this.#loaded(look, requests);
  }

  /** Reason for a load that did not end in time. */
  late(limit: number): string {
    return `The page did not settle within ${seconds(limit)}: it waited for ${
      this.#settler?.waiting ?? this.#step
    }`;
  }

  /** Reason for a load that threw. */
  reason(error: unknown): string {
    return error instanceof NoFigure
      ? error.message
      : `The load failed while it waited for ${this.#step}: ${
        firstLine(error)
      }`;
  }

  /** True for an error that has no other reason behind it, such as a crash. */
  isSure(error: unknown): boolean {
    return error instanceof NoFigure && error.cause === undefined;
  }

  async #warm(context: BrowserContext): Promise<void> {
    const page = await context.newPage();
    const { settler } = await this.#open(context, page, false);
    await settler.settle();
    await page.close();
  }

  /** Opens the page, and follows it. */
  async #open(
    context: BrowserContext,
    page: Page,
    measured = true,
  ): Promise<{ settler: Settler; requests: PageRequests }> {
    const { clock, fail, ignored, url } = this.#input;
    this.#step = "the browser";
    await this.#disturb(context, page);
    const requests: PageRequests = new PageRequests(
      clock,
      ignored,
      () => watchData(context, page, requests),
    );
    let opened = false;
    page.on("request", (request) => {
      if (
        !request.isNavigationRequest() || request.redirectedFrom() !== null ||
        request.frame() !== page.mainFrame()
      ) return;
      if (opened && !this.#acting) {
        const there = request.url().slice(0, 200);
        fail(`The page went on to ${there}: measure that one`);
      }
      opened = true;
      requests.navigated(request);
    });
    // Those of frames, workers and windows that the page opens, too.
    follow(context, requests);
    page.on("crash", () => fail("The page crashed"));
    this.#step = "the response of the document";
    const response = await page.goto(url, { waitUntil: "commit", timeout: 0 });
    const status = response?.status() ?? 200;
    if (status !== 304 && (status < 200 || status > 299)) {
      throw new NoFigure(`The page answered with status ${status}`);
    }
    this.#step = "the page to settle";
    return {
      settler: this.#follow(
        page,
        requests,
        measured && this.#input.actions === undefined,
      ),
      requests,
    };
  }

  /** Begins to follow a page until it settles. */
  #follow(page: Page, requests: PageRequests, measured: boolean): Settler {
    const { clock, figure, quiet, signal } = this.#input;
    const settler = new Settler({
      clock,
      requests,
      quiet,
      signal,
      look: () => lookAt(page),
      missing: (look) =>
        measured && figureOf(look, figure) === undefined
          ? absence(look, figure)
          : undefined,
    });
    this.#settler = settler;
    return settler;
  }

  /** Makes the conditions of the load. */
  async #disturb(context: BrowserContext, page: Page): Promise<void> {
    const { cpu, floors } = this.#input;
    if (cpu === 1 && floors.size === 0) return;
    const session = await context.newCDPSession(page);
    if (cpu !== 1) {
      await session.send("Emulation.setCPUThrottlingRate", { rate: cpu });
    }
    if (floors.size > 0) await setFloors(session, floors);
  }

  async #run(step: string, act: () => unknown): Promise<void> {
    this.#step = `its ${step} to end`;
    try {
      await act();
    } catch (error) {
      throw new NoFigure(
        `The ${step} of the page failed: ${firstLine(error)}`,
        { cause: error },
      );
    }
  }

  #loaded(look: Look, requests: PageRequests): LoadedFigures {
    const { figure } = this.#input;
    if (look.error !== undefined) throw new NoFigure(look.error);
    const value = figureOf(look, figure);
    if (value === undefined) {
      throw new NoFigure(`The page has no ${nameOf(figure)}`);
    }
    const figures = Object.entries({ ...look.figures, [nameOf(figure)]: value })
      .flatMap(([name, ms]) =>
        ms === undefined || ms === null ? [] : [[name, ms] as const]
      );
    return {
      figure: value,
      requests: requests.seen(look.fetchStart),
      figures: Object.fromEntries(figures),
    };
  }
}

/** Argument of page_script.js; undefined for figures that the browser keeps. */
function scriptArgument(
  figure: PageFigure,
  afterInput: boolean,
): Record<string, unknown> | undefined {
  const { kind } = figure;
  return kind === "INP" || kind === "measure" || kind === "selector-visible"
    ? { ...figure, afterInput }
    : undefined;
}

function figureOf(look: Look, { kind }: PageFigure): number | undefined {
  return look.figures[kind] ?? look.own ?? undefined;
}

/** Name of a figure as users write it. */
function nameOf(figure: PageFigure): string {
  return figure.kind === "measure"
    ? `measure:${figure.name}`
    : figure.kind === "selector-visible"
    ? `selector-visible:${figure.selector}`
    : figure.kind;
}

/** The missing figure as a thing that is waited for. */
function absence({ seen }: Look, figure: PageFigure): string {
  const { kind } = figure;
  if (kind === "measure") {
    return `performance.measure(${JSON.stringify(figure.name)})${
      seen.length === 0
        ? "; it has made no other measure"
        : `; it has made ${[...new Set(seen)].slice(0, 5).join(", ")}`
    }`;
  }
  if (kind === "selector-visible") {
    return `a visible element that ${figure.selector} finds`;
  }
  return kind === "INP"
    ? "an interaction: its actions made no click, tap or key press"
    : `its ${kind}`;
}

async function lookAt(page: Page): Promise<Look | undefined> {
  try {
    return await page.evaluate(
      lookScript.replaceAll(/^\/[/*].*$|^ \*.*$/gm, ""),
    );
  } catch (error) {
    // The document was replaced by the next one while it was asked.
    if (
      /context was destroyed|Cannot find context|navigat/i.test(String(error))
    ) {
      return undefined;
    }
    throw error;
  }
}

/** Takes the events of a context. */
function follow(context: BrowserContext, requests: PageRequests): void {
  context.on("request", (request) => requests.started(request));
  context.on(
    "response",
    (response) => requests.responded(response.request(), response.status()),
  );
  context.on("requestfinished", (request) => requests.ended(request));
  context.on("requestfailed", (request) => requests.ended(request));
}

/** Tells when data of responses arrive. That takes an event for each piece, so that it is asked for only where it matters. */
async function watchData(
  context: BrowserContext,
  page: Page,
  requests: PageRequests,
): Promise<void> {
  const session = await context.newCDPSession(page);
  session.on("Network.dataReceived", () => requests.data());
  await session.send("Network.enable");
}

/**
 * Gives requests by pattern a shortest time to their response headers.
 *
 * @throws PerfmockError `PROBE_UNAVAILABLE` where the browser is too old
 */
async function setFloors(
  session: CDPSession,
  floors: ReadonlyMap<string, number>,
): Promise<void> {
  const matchedNetworkConditions = Array.from(
    floors,
    ([urlPattern, latency]) => ({
      urlPattern,
      latency,
      downloadThroughput: -1,
      uploadThroughput: -1,
    }),
  );
  try {
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditionsByRule", {
      offline: false,
      matchedNetworkConditions,
    });
  } catch (error) {
    throw new PerfmockError(
      "PROBE_UNAVAILABLE",
      `Cannot delay requests to other origins: ${
        firstLine(error)
      }. It takes Chromium 143 or later, and absolute patterns such as https://cdn.example.com/*`,
      [],
      { cause: error },
    );
  }
}
