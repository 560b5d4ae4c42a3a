/**
 * Control calls of the correlation of browsers with the server: the script of pages, the intake of their beacons, and the answer.
 *
 * @module
 */
import {
  type Endpoint,
  endpoint,
  type Host,
  type Kit,
  type KitType,
  PerfmockError,
  type Schema,
} from "../../../core/plugin.ts";
import webVitals from "web-vitals/attribution" with { type: "text" };
import { type Beacon, beaconSchema, readBeacon } from "./beacon.ts";
import type { Correlator } from "./correlator.ts";
import client from "./page_client.js" with { type: "text" };

/** Settings of the correlation. */
export interface CorrelationOptions {
  /** Maximum number of page loads that are kept. Default 100. */
  readonly pages: number;
  /** Maximum rate of beacons, per second. Default 200. */
  readonly rate: number;
}

/** Creates the schema of {@linkcode CorrelationOptions}. */
export function correlationSchema(kit: Kit): KitType<CorrelationOptions> {
  return kit.z.strictObject(kit.worded({
    pages: kit.integer({ min: 1, max: 10_000 }).default(100),
    rate: kit.integer({ min: 1, max: 100_000 }).default(200),
  }, {
    pages: "Maximum number of page loads that are kept",
    rate: "Maximum number of reports of pages that are taken per second",
  }));
}

const SCRIPT = "text/javascript; charset=utf-8";
const OBJECT = { type: "object" };

/** Creates the control calls, below the path of the plugin. */
export function correlationEndpoints(
  correlator: Correlator,
  { kit, clock, journal }: Pick<Host, "kit" | "clock" | "journal">,
  { rate }: Pick<CorrelationOptions, "rate">,
): Endpoint[] {
  const { z } = kit;
  const schema: Schema<Beacon> = beaconSchema(kit);
  const admitted = new RateLimit(rate, () => clock.now());
  const query = z.strictObject(
    kit.worded({ session: z.string().optional() }, {
      session: "Name of the session to answer for. Default: all together",
    }),
  );
  return [
    script(
      "/correlation/client.js",
      clientScript(),
      "Script of pages that sends their timings",
    ),
    script(
      "/correlation/web-vitals.js",
      withoutMap(webVitals),
      "The library web-vitals, which the script uses (Apache-2.0, Google)",
    ),
    {
      method: "POST",
      path: "/correlation",
      access: "page",
      replicas: "first",
      summary:
        "Take timings of a page, as its script sends them; any content type",
      accepts: { "application/json": OBJECT, "text/plain": OBJECT },
      answer: OBJECT,
      async handle({ request }) {
        if (!admitted.take()) {
          correlator.refuse("rate_limited");
          throw new PerfmockError(
            "ARGUMENT_INVALID",
            `Cannot take more than ${rate} beacons per second`,
            [],
            { status: 429 },
          );
        }
        const read = await readBeacon(request, schema);
        if ("beacon" in read) {
          const { beacon } = read;
          const elsewhere = await journal.elsewhere?.(
            correlator.unknownSpans(beacon),
          );
          return correlator.take(beacon, elsewhere);
        }
        correlator.refuse(read.reason);
        throw read.error;
      },
    },
    endpoint({
      method: "GET",
      path: "/correlation",
      replicas: "first",
      summary:
        "Where browsers' time went, by route and page; session=NAME for one session",
      query,
      answer: OBJECT,
      handle: ({ query: { session } }) => correlator.answer(session),
    }),
    endpoint({
      method: "GET",
      path: "/correlation/pages/:id",
      replicas: "first",
      summary:
        "One load of a page with its figures and requests; the id latest is the latest load, of one session with session=NAME",
      query,
      answer: OBJECT,
      handle({ parameters: { id }, query: { session } }) {
        const load = correlator.page(id, session);
        if (load !== undefined) return load;
        throw new PerfmockError(
          "ARGUMENT_INVALID",
          "Cannot show this page load",
          [{
            path: "/id",
            message: id === "latest"
              ? session === undefined
                ? "No page has sent its timings yet"
                : "No page with requests to this session has sent its timings"
              : "No page load with this id is kept",
            value: id.slice(0, 64),
            allowed: "latest, or an id from pages of GET correlation",
          }],
          { status: 404 },
        );
      },
    }),
  ];
}

function script(path: string, text: string, summary: string): Endpoint {
  return {
    method: "GET",
    path,
    access: "page",
    summary,
    type: SCRIPT,
    answer: { type: "string" },
    handle: () =>
      new Response(text, {
        headers: {
          "content-type": SCRIPT,
          "cache-control": "no-cache",
          "timing-allow-origin": "*",
        },
      }),
  };
}

/** The script, with the library under the URL at which it is served. */
function clientScript(): string {
  return client.replace("web-vitals/attribution", "./web-vitals.js");
}

/** Removes the comment that names a source map, which is not served. */
function withoutMap(text: string): string {
  return text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
}

/** Admits a number of calls in each second. */
class RateLimit {
  readonly #rate: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  constructor(rate: number, now: () => number) {
    this.#rate = this.#tokens = rate;
    this.#now = now;
    this.#at = now();
  }

  /** Returns false if there were too many calls. */
  take(): boolean {
    const now = this.#now();
    const refilled = this.#tokens + (now - this.#at) / 1000 * this.#rate;
    this.#tokens = Math.min(this.#rate, refilled);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
