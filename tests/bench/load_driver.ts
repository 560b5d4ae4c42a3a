/**
 * A process that drives load at a server, so that client and server have a core each. It reads orders as lines of JSON and writes
 * results. This module is both ends: an importer starts the process, and as main module it is the process.
 *
 * @module
 */
import { prepareRequest } from "./lean_client.ts";
import { type Outcome, runClosedLoad, runOpenLoad } from "./lean_drivers.ts";
import { type Child, type Children, serveOrders } from "./processes.ts";

/** An order for a load. Times are in ms. */
export type Order =
  & {
    /** URL that is fetched with GET. */
    readonly url: string;
    /** Time during which requests are started. */
    readonly duration: number;
    /** Time from the start whose requests are not recorded. */
    readonly warmup: number;
    /** True to read `total` of the server's Server-Timing. */
    readonly totals: boolean;
  }
  & (
    | {
      /** Number of connections of a closed loop. */
      readonly connections: number;
    }
    | {
      /** Requests per second of an open loop. */
      readonly rate: number;
    }
  );

/** Result of an order: an {@linkcode Outcome} with plain arrays. */
export type Report =
  & Omit<Outcome, "waits" | "totals" | "lags">
  & Record<"waits" | "totals" | "lags", readonly number[]>;

/** Starts a driving process and sends it orders. */
export class LoadDriver {
  readonly #child: Child;

  /** Starts the process. */
  constructor(children: Children) {
    this.#child = children.deno("load_driver.ts", [], [], { side: "client" });
  }

  /**
   * Drives one load to its end.
   *
   * @throws Error if an exchange failed or had another status than 200, because the figures would mean nothing
   */
  async drive(order: Order): Promise<Report> {
    await this.#child.send(JSON.stringify(order));
    const line = await this.#child.line(order.duration + 3 * PATIENCE);
    const report = JSON.parse(line) as Report;
    const failed = Object.keys(report.failed).length > 0;
    if (failed || report.unexpected > 0 || report.completed === 0) {
      throw new Error(
        `Cannot measure ${order.url}: ${report.completed} answers, ${report.unexpected} of them not 200, failures ${
          JSON.stringify(report.failed)
        }`,
      );
    }
    return report;
  }
}

const PATIENCE = 10_000;
const MAX_IN_FLIGHT = 4000;

/** At 5000/s and 20 ms, 100 connections are in use; this number suffices if either side is delayed by 40 ms. */
const SPARE_CONNECTIONS = 300;

async function obey(order: Order): Promise<Report> {
  const url = new URL(order.url);
  const load = {
    address: { hostname: url.hostname, port: Number(url.port) },
    request: prepareRequest("GET", url),
    duration: order.duration,
    warmup: order.warmup,
    patience: PATIENCE,
    totals: order.totals,
  };
  const outcome = "rate" in order
    ? await runOpenLoad({
      ...load,
      rate: order.rate,
      maxInFlight: MAX_IN_FLIGHT,
      connections: SPARE_CONNECTIONS,
    })
    : await runClosedLoad({ ...load, connections: order.connections });
  const { waits, totals, lags } = outcome;
  return {
    ...outcome,
    waits: microseconds(waits.values()),
    totals: [...totals.values()],
    lags: microseconds(lags.values()),
  };
}

/** Rounds to three decimals: the clock is no more exact, and the text is half as long. */
function microseconds(values: Float64Array): number[] {
  return Array.from(values, (value) => Math.round(value * 1000) / 1000);
}

if (import.meta.main) await serveOrders(obey);
