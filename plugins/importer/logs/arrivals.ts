/**
 * Arrivals of a log, and the load script that sends them again.
 *
 * @module
 */
import { basename } from "node:path";
import type { Draft, DraftScenario } from "../mocks/draft.ts";
import { sizeBeside } from "../mocks/read_source.ts";
import type { Reader } from "../reading/reader.ts";

/** Greatest number of steps of a rate. */
const MOST_STEPS = 500;

/** Greatest size of a file that a script replays, in bytes: a run has all of it in memory. */
const REPLAYED = 64 * 1024 ** 2;

/** Reason why a script does not replay a file. */
export const NOT_REPLAYED: string =
  `a script can replay plain files in UTF-8 of at most ${
    REPLAYED / 1024 ** 2
  } MiB alone`;

/** Returns whether a script replays a file that was read. */
export function isReplayed(file: string, reader: Reader): boolean {
  return reader.isReplayable(file) && (sizeBeside(file) ?? 0) <= REPLAYED;
}

/** Greatest number of requests of a scenario. */
const MOST_REQUESTS = 200;

/** Greatest number of seconds whose arrivals are counted apart. */
const MOST_SECONDS = 2_000_000;

/** Arrivals by second. */
export class Arrivals {
  readonly #seconds = new Map<number, number>();
  readonly #routes = new Map<string, number>();
  #count = 0;

  /** Adds an arrival. */
  add(at: number, route: string): void {
    const second = Math.floor(at / 1000);
    const known = this.#seconds.get(second);
    if (known !== undefined || this.#seconds.size < MOST_SECONDS) {
      this.#seconds.set(second, (known ?? 0) + 1);
    }
    this.#count++;
    this.#routes.set(route, (this.#routes.get(route) ?? 0) + 1);
  }

  /** Number of arrivals. */
  get count(): number {
    return this.#count;
  }

  /** Number of arrivals of a route. */
  of(route: string): number {
    return this.#routes.get(route) ?? 0;
  }

  /** Times of the first and the last arrival, in ms since 1970, to the second. */
  get range(): readonly [from: number, to: number] {
    let from = Infinity;
    let to = -Infinity;
    for (const second of this.#seconds.keys()) {
      from = Math.min(from, second);
      to = Math.max(to, second);
    }
    return [from * 1000, to * 1000];
  }

  /** Mean rates per second in steps of equal length. */
  get steps(): { readonly length: number; readonly rates: readonly number[] } {
    if (this.#seconds.size === 0) return { length: 1, rates: [] };
    const [from, to] = this.range.map((time) => time / 1000);
    const length = Math.ceil((to - from + 1) / MOST_STEPS);
    const rates = new Array<number>(Math.ceil((to - from + 1) / length)).fill(
      0,
    );
    for (const [second, count] of this.#seconds) {
      rates[Math.floor((second - from) / length)] += count / length;
    }
    return { length, rates };
  }
}

/** File of a log. */
export interface LoggedFile {
  readonly path: string;
  /** Time of the first request, in ms since 1970; Infinity for none. */
  readonly from: number;
}

/** Requests of one route, as far as they are sent again. */
interface SentRoute {
  readonly method: string;
  readonly template: string;
  readonly sample: string;
}

/**
 * Makes the scenario that sends the arrivals of a log: the log itself where it can be replayed and is not too large, else its rate over time with one
 * request for each route.
 */
export function trafficOf(
  arrivals: Arrivals,
  routes: readonly SentRoute[],
  { files, replays, reader, draft }: {
    readonly files: readonly LoggedFile[];
    readonly replays: boolean;
    readonly reader: Reader;
    readonly draft: Draft;
  },
): DraftScenario[] {
  if (arrivals.count === 0) {
    draft.notes.push("The log has no dates: there is no load script.");
    return [];
  }
  draft.notes.push(
    `Requests from ${
      arrivals.range.map((time) => new Date(time).toISOString().slice(0, 19))
        .join("Z to ")
    }Z.`,
  );
  const written = files.filter(({ from }) => from < Infinity);
  if (replays && written.every(({ path }) => isReplayed(path, reader))) {
    const begin = Math.min(...written.map(({ from }) => from));
    return written.map(({ path, from }, index) => ({
      name: written.length === 1 ? "recorded" : `recorded-${index + 1}`,
      settings: {
        executor: "replay",
        ...from > begin && { start: `${(from - begin) / 1000}s` },
        trace: { file: path, format: "access-log" },
      },
      notes: [`Each request of ${basename(path)}, at its own time.`],
    }));
  }
  if (replays) {
    draft.notes.push(
      `The script sends the rate of the log over time, not line by line: ${NOT_REPLAYED}.`,
    );
  }
  const sent = routes.slice(0, MOST_REQUESTS);
  const { length, rates } = arrivals.steps;
  return [{
    name: "recorded",
    settings: {
      executor: "arrival-rate",
      duration: `${rates.length * length}s`,
      maxInFlight: 10_000,
      rate: {
        steps: stepsOf(rates, length),
      },
      requests: sent.map(({ method, template, sample }) => ({
        ...method !== "GET" && { method },
        path: sample.replaceAll("{{", "%7B%7B"),
        weight: Math.max(1, arrivals.of(`${method} ${template}`)),
      })),
    },
    notes: [
      `${arrivals.count} requests in steps of ${length} s; each route by the first path that was logged. Bodies are not logged.`,
    ],
  }];
}

/** Steps at which a rate changes. */
export function stepsOf(
  rates: readonly number[],
  length: number,
): { at: string; value: string }[] {
  const steps: { at: string; value: string }[] = [];
  let last: number | undefined;
  for (const [index, rate] of rates.entries()) {
    const value = Number(rate.toPrecision(6));
    if (value === last) continue;
    last = value;
    steps.push({
      at: `${Number((index * length).toPrecision(12))}s`,
      value: `${value}/s`,
    });
  }
  return steps;
}
