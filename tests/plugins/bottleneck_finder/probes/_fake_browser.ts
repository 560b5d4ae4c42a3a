import { EventEmitter } from "node:events";
import type { Browser } from "playwright-core";
import type { VirtualClock } from "../../../../core/lib/time/mod.ts";
import type { Look } from "../../../../plugins/bottleneck_finder/probes/settling.ts";

/** Behaviour of a fake page. */
export interface Script {
  /** Status of the document; default 200. */
  readonly status?: number;
  /** Answers of the page, one after another; the last one is repeated. Default a page with an LCP of 100 ms. */
  readonly looks?: readonly (Partial<Look> | Error)[];
  /** Called after the navigation. */
  readonly opened?: (page: FakePage, browser: FakeBrowser) => void;
  /** Error of the navigation. */
  readonly unreachable?: Error;
  /** True if contexts never close. */
  readonly hangs?: boolean;
  /** Error of a command of the browser's protocol. */
  readonly unknown?: string;
}

/** A request of a fake page. */
export function request(page: FakePage, url: string, type = "fetch") {
  return {
    url: () => url,
    method: () => "GET",
    resourceType: () => type,
    timing: () => ({ startTime: -1, responseEnd: -1 }),
    isNavigationRequest: () => type === "document",
    redirectedFrom: () => null,
    frame: () => page.mainFrame(),
  };
}

/** Fake of Playwright's page. */
export class FakePage extends EventEmitter {
  readonly #browser: FakeBrowser;
  readonly context: FakeContext;
  #looks = 0;

  constructor(browser: FakeBrowser, context: FakeContext) {
    super();
    this.#browser = browser;
    this.context = context;
  }

  mainFrame(): FakePage {
    return this;
  }

  goto(url: string): Promise<unknown> {
    const { opened, status = 200, unreachable } = this.#browser.script;
    this.#browser.calls.push(`goto ${url}`);
    if (unreachable !== undefined && !url.startsWith("data:")) {
      return Promise.reject(unreachable);
    }
    const document = request(this, url, "document");
    this.context.emit("request", document);
    this.emit("request", document);
    this.context.emit("requestfinished", document);
    if (!url.startsWith("data:")) opened?.(this, this.#browser);
    return Promise.resolve({ status: () => status });
  }

  evaluate(): Promise<Look> {
    const { looks = [{}] } = this.#browser.script;
    const look = looks[Math.min(this.#looks++, looks.length - 1)];
    return look instanceof Error ? Promise.reject(look) : Promise.resolve({
      complete: true,
      idle: 9999,
      fetchStart: 1,
      figures: { TTFB: 5, FCP: 50, LCP: 100 },
      seen: [],
      ...look,
    });
  }

  close(): Promise<void> {
    this.#browser.calls.push("close page");
    return Promise.resolve();
  }
}

/** Fake of Playwright's context. */
export class FakeContext extends EventEmitter {
  readonly #browser: FakeBrowser;

  constructor(browser: FakeBrowser) {
    super();
    this.#browser = browser;
  }

  newPage(): Promise<FakePage> {
    return Promise.resolve(new FakePage(this.#browser, this));
  }

  addInitScript({ content }: { readonly content: string }): Promise<void> {
    const argument = /\((\{"kind".*\})\);$/.exec(content)?.[1];
    this.#browser.calls.push(`script ${argument}`);
    return Promise.resolve();
  }

  newCDPSession(): Promise<unknown> {
    return Promise.resolve({
      on: (_event: string, listener: () => void) => listener(),
      send: (method: string, input: unknown) => {
        this.#browser.calls.push(`${method} ${JSON.stringify(input ?? {})}`);
        return method === this.#browser.script.unknown
          ? Promise.reject(new Error(`'${method}' wasn't found`))
          : Promise.resolve({});
      },
    });
  }

  close(): Promise<void> {
    this.#browser.calls.push("close context");
    return this.#browser.script.hangs === true
      ? new Promise(() => {})
      : Promise.resolve();
  }
}

/** Fake of Playwright's browser. */
export class FakeBrowser extends EventEmitter {
  /** Calls of the probe. */
  readonly calls: string[] = [];
  #connected = true;

  constructor(readonly script: Script) {
    super();
  }

  isConnected(): boolean {
    return this.#connected;
  }

  newContext(): Promise<FakeContext> {
    return Promise.resolve(new FakeContext(this));
  }

  /** Ends it, as a crash does. */
  end(): void {
    this.#connected = false;
    this.emit("disconnected");
  }

  close(): Promise<void> {
    this.calls.push("close browser");
    this.end();
    return Promise.resolve();
  }

  /** The same in Playwright's type. */
  get browser(): Browser {
    // A fake has the parts that the probe uses.
    return this as unknown as Browser;
  }
}

/** Moves a clock until a promise has settled. */
export async function settled<T>(
  clock: VirtualClock,
  promise: Promise<T>,
): Promise<T> {
  let done = false;
  void promise.then(() => done = true, () => done = true);
  for (let i = 0; !done && i < 10_000; i++) {
    await clock.yield();
    if (!done) clock.runNext();
  }
  return await promise;
}
