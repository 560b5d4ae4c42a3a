/**
 * Two ways to load a server. In a closed loop, each of n connections sends its next request after the last response, so that a slow
 * server receives less load. In an open loop, requests are sent on a schedule, however slow the server is.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import {
  type Address,
  LeanClient,
  LeanError,
  type LeanResponse,
  type PreparedRequest,
} from "./lean_client.ts";
import { Samples } from "./statistics.ts";

/** Time before a deadline from which the clock is polled, because timers are less exact, in ms. */
const TIMER_SLACK = 3;
const PATIENCE_CHECK = 250;

/** Properties of every load. */
export interface Load {
  /** Address of the server. */
  readonly address: Address;
  /** Request that is sent repeatedly. */
  readonly request: PreparedRequest;
  /** Time during which requests are started, in ms. */
  readonly duration: number;
  /** Time from the start whose requests are not recorded, in ms. */
  readonly warmup: number;
  /** Time after which an exchange is given up, in ms. */
  readonly patience: number;
  /** True to read the server's own figures, which costs the client 1 µs per response. */
  readonly totals: boolean;
}

/** A closed loop. */
export interface ClosedLoad extends Load {
  /** Number of connections. */
  readonly connections: number;
}

/** An open loop. */
export interface OpenLoad extends Load {
  /** Requests per second, evenly spaced. */
  readonly rate: number;
  /** Maximum number of active requests; further ones are dropped. */
  readonly maxInFlight: number;
  /**
   * Number of connections that are open before the first request; more are made on demand. Default 0. Connecting costs the client
   * much more than a request: a client that connected for each late request would fall further behind.
   */
  readonly connections?: number;
}

/** Result of a load. Only `scheduled` and `dropped` include the warm-up. */
export interface Outcome {
  /** Number of requests due (open loop) or sent (closed loop), including the warm-up. */
  scheduled: number;
  /** Number of requests that were due while too many were active. */
  dropped: number;
  /** Number of complete responses. */
  completed: number;
  /** Number of responses with another status than 200. */
  unexpected: number;
  /** Number of failed exchanges by kind. */
  readonly failed: Record<string, number>;
  /** Time since the first recorded request, in ms. */
  elapsed: number;
  /** Times from sending to the first byte, in ms. */
  readonly waits: Samples;
  /** Values of `total` in the server's Server-Timing, in ms, if they are read. */
  readonly totals: Samples;
  /** Delays of requests after their scheduled times, in ms; open loop only. */
  readonly lags: Samples;
}

/** Runs a closed loop to its end. */
export async function runClosedLoad(load: ClosedLoad): Promise<Outcome> {
  using clients = new Clients(load);
  const recording = new Recording(load);
  const until = recording.start + load.duration;
  const loop = async () => {
    const client = clients.open();
    while (performance.now() < until) {
      recording.outcome.scheduled++;
      await recording.exchange(client);
    }
  };
  await Promise.all(Array.from({ length: load.connections }, loop));
  return recording.finish();
}

/** Runs an open loop until the last response. */
export async function runOpenLoad(load: OpenLoad): Promise<Outcome> {
  using clients = new Clients(load);
  const idle = Array.from(
    { length: load.connections ?? 0 },
    () => clients.open(),
  );
  for (const client of idle) await client.connect();
  const recording = new Recording(load);
  const { outcome, start } = recording;
  const underWay = new Set<Promise<void>>();
  const launch = (due: number) => {
    outcome.scheduled++;
    if (underWay.size >= load.maxInFlight) {
      outcome.dropped++;
      return;
    }
    const client = idle.pop() ?? clients.open();
    const exchange = recording.exchange(client, due).then(() => {
      underWay.delete(exchange);
      idle.push(client);
    });
    underWay.add(exchange);
  };
  const total = Math.floor(load.duration / 1000 * load.rate);
  for (let i = 0; i < total; i++) {
    const due = start + i * 1000 / load.rate;
    if (performance.now() < due) await sleepUntil(due);
    launch(due);
  }
  await Promise.all(underWay);
  return recording.finish();
}

/** Waits at least until a time of `performance.now()`: with a timer, then by polling. */
async function sleepUntil(time: number): Promise<void> {
  for (;;) {
    const left = time - performance.now();
    if (left <= 0) return;
    await new Promise<void>((resolve) =>
      left > TIMER_SLACK
        ? setTimeout(resolve, left - TIMER_SLACK)
        : setImmediate(resolve)
    );
  }
}

/** The connections of a load. Gives up exchanges that exceed the patience, and closes all connections together. */
class Clients implements Disposable {
  readonly #clients: LeanClient[] = [];
  readonly #load: Load;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(load: Load) {
    this.#load = load;
    this.#timer = setInterval(() => this.#giveUp(), PATIENCE_CHECK);
  }

  open(): LeanClient {
    const client = new LeanClient(this.#load.address);
    this.#clients.push(client);
    return client;
  }

  #giveUp(): void {
    const latest = performance.now() - this.#load.patience;
    for (const client of this.#clients) {
      if (client.sentAt < latest) client.abort("timeout");
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const client of this.#clients) client[Symbol.dispose]();
  }
}

/** Sends requests and records the results. */
class Recording {
  readonly start = performance.now();
  readonly outcome: Outcome = {
    scheduled: 0,
    dropped: 0,
    completed: 0,
    unexpected: 0,
    failed: {},
    elapsed: 0,
    waits: new Samples(),
    totals: new Samples(),
    lags: new Samples(),
  };
  readonly #request: PreparedRequest;
  readonly #warmth: number;
  readonly #totals: boolean;

  constructor(load: Load) {
    this.#request = load.request;
    this.#warmth = this.start + load.warmup;
    this.#totals = load.totals;
  }

  /** Runs one exchange. Does not reject if the exchange fails. */
  async exchange(client: LeanClient, due?: number): Promise<void> {
    try {
      const response = await client.exchange(this.#request);
      if (response.sentAt < this.#warmth) return;
      this.#record(response);
      if (due !== undefined) this.outcome.lags.add(response.sentAt - due);
    } catch (error) {
      if (!(error instanceof LeanError)) throw error;
      const { failed } = this.outcome;
      failed[error.kind] = (failed[error.kind] ?? 0) + 1;
      // The loop must not spin if a server refuses connections at once.
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  finish(): Outcome {
    this.outcome.elapsed = performance.now() - this.#warmth;
    return this.outcome;
  }

  #record(response: LeanResponse): void {
    const { outcome } = this;
    outcome.completed++;
    if (response.status !== 200) outcome.unexpected++;
    outcome.waits.add(response.firstByteAt - response.sentAt);
    if (!this.#totals) return;
    const total = serverTotal(response.header("server-timing"));
    if (total !== undefined) outcome.totals.add(total);
  }
}

/** Returns the duration of the metric `total` in a Server-Timing header, in ms. */
export function serverTotal(timing: string | null): number | undefined {
  const match = timing && /(?:^|[, ])total;dur=([\d.]+)/.exec(timing);
  return match ? Number(match[1]) : undefined;
}
