/**
 * The end of a page load: the network is quiet, the page has done nothing for a while, and the figure is there.
 *
 * @module
 */
import type { Clock } from "../../../core/plugin.ts";
import type { PageRequests } from "./page_requests.ts";
import { seconds, sleep } from "./waiting.ts";

/** Answer of page_look.js. */
export interface Look {
  /** True after the page's event `load`. */
  readonly complete: boolean;
  /** Time since the latest content, long task or event `load`, in ms. */
  readonly idle: number;
  /** Start of the fetch of the document, in ms since navigation. */
  readonly fetchStart: number;
  /** Figures that the browser keeps. */
  readonly figures: Readonly<Record<string, number | undefined>>;
  /** Figure of page_script.js. */
  readonly own?: number | undefined;
  /** Error of page_script.js. */
  readonly error?: string | undefined;
  /** Names of other measures of the page. */
  readonly seen: readonly string[];
}

/** A load under way. */
export interface Settling {
  readonly clock: Clock;
  readonly requests: PageRequests;
  /** Time without requests, contents and long tasks after which a page has settled, in ms. */
  readonly quiet: number;
  /** Looks at the page; undefined where it cannot be asked now, as between two documents. */
  readonly look: () => Promise<Look | undefined>;
  /** Returns the reason why the page is not yet complete; undefined if it is. */
  readonly missing: (look: Look) => string | undefined;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** Time after which a page that does not answer has a busy main thread, in ms. */
const BUSY = 1000;

/** Follows a page until it settles, and knows what it waits for. */
export class Settler {
  readonly #settling: Settling;
  #waiting: string | undefined;
  /** Time of a question that has no answer yet; undefined for none. */
  #asked: number | undefined;

  /** Begins to follow a page. */
  constructor(settling: Settling) {
    this.#settling = settling;
  }

  /** Waits until the page has settled. Undefined if the signal was given before. */
  async settle(): Promise<Look | undefined> {
    const { clock, requests, quiet, signal } = this.#settling;
    while (!signal.aborted) {
      await requests.quiet(quiet, signal);
      if (signal.aborted) return undefined;
      const seen = await this.#look();
      if (seen?.error !== undefined) return seen;
      const lacks = this.#lacks(seen);
      if (seen === undefined || lacks !== undefined) {
        this.#waiting = lacks ?? this.#waiting;
        await sleep(clock, Math.min(quiet, 100), signal);
      } else if (seen.idle < quiet) {
        this.#waiting = `${seconds(quiet)} without new contents or long tasks`;
        await sleep(clock, Math.max(1, quiet - seen.idle), signal);
      } else if (requests.idle >= quiet) return seen;
    }
    return undefined;
  }

  /** Description of the thing that the page is waited for. */
  get waiting(): string {
    const { clock, quiet, requests } = this.#settling;
    const { repeated, underWay } = requests;
    if (underWay.length > 0) {
      const more = underWay.length - 3;
      return underWay.slice(0, 3).join(", ") +
        (more > 0 ? ` and ${more} more requests` : "") +
        (repeated === undefined ? "" : `; ${repeated}`);
    }
    if (this.#asked !== undefined && clock.now() - this.#asked >= BUSY) {
      return "an answer: its main thread is busy";
    }
    if (this.#waiting !== undefined && requests.idle >= quiet) {
      return this.#waiting;
    }
    return `its network to be quiet${
      repeated === undefined ? "" : `: ${repeated}; ignore it, if it has no end`
    }`;
  }

  async #look(): Promise<Look | undefined> {
    const { clock, look } = this.#settling;
    this.#asked = clock.now();
    try {
      return await look();
    } finally {
      this.#asked = undefined;
    }
  }

  #lacks(seen: Look | undefined): string | undefined {
    if (seen === undefined) return "its document to begin";
    return this.#settling.missing(seen) ??
      (seen.complete ? undefined : "the end of its document");
  }
}
