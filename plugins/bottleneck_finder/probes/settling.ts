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

/** Follows a page until it settles, and knows what it waits for. */
export class Settler {
  readonly #settling: Settling;
  #waiting = "its document to begin";

  /** Begins to follow a page. */
  constructor(settling: Settling) {
    this.#settling = settling;
  }

  /** Waits until the page has settled. Undefined if the signal was given before. */
  async settle(): Promise<Look | undefined> {
    const { clock, requests, quiet, look, missing, signal } = this.#settling;
    while (!signal.aborted) {
      this.#waiting = "its network to be quiet";
      await requests.quiet(quiet, signal);
      if (signal.aborted) return undefined;
      this.#waiting = "an answer: its main thread is busy";
      const seen = await look();
      if (seen?.error !== undefined) return seen;
      const lacks = seen === undefined
        ? "its document to begin"
        : missing(seen) ??
          (seen.complete ? undefined : "the end of its document");
      if (seen === undefined || lacks !== undefined) {
        this.#waiting = lacks ?? "its document to begin";
        await sleep(clock, Math.min(quiet, 100), signal);
        continue;
      }
      if (seen.idle < quiet) {
        this.#waiting = `${seconds(quiet)} without new contents or long tasks`;
        await sleep(clock, Math.max(1, quiet - seen.idle), signal);
      } else if (requests.idle >= quiet) return seen;
    }
    return undefined;
  }

  /** Description of the thing that the page is waited for. */
  get waiting(): string {
    const { requests } = this.#settling;
    const { underWay } = requests;
    return underWay.length === 0
      ? this.#waiting
      : `${underWay.slice(0, 3).join(", ")}${
        underWay.length > 3 ? ` and ${underWay.length - 3} more requests` : ""
      }`;
  }
}
