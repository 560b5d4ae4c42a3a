/**
 * Two ways to load a server. In a closed loop each of n connections sends its next request when the last was answered, so
 * that a slow server slows its load; in an open loop requests leave on a schedule, whatever the server does.
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

/** How long before a deadline a timer is trusted, in milliseconds; the rest is polled. */
const TIMER_SLACK = 3;
const PATIENCE_CHECK = 250;

/** What every load has. */
export interface Load {
  /** The server. */
  readonly address: Address;
  /** What is sent, over and over. */
  readonly request: PreparedRequest;
  /** For how long requests are started, in milliseconds. */
  readonly duration: number;
  /** Requests sent in the first so many milliseconds are not recorded. */
  readonly warmup: number;
  /** After how many milliseconds an exchange is given up. */
  readonly patience: number;
  /** Whether to read the server's own figures, which costs the client a microsecond each. */
  readonly totals: boolean;
}

/** A closed loop. */
export interface ClosedLoad extends Load {
  /** How many connections take part. */
  readonly connections: number;
}

/** An open loop. */
export interface OpenLoad extends Load {
  /** Requests per second, evenly spaced. */
  readonly rate: number;
  /** Requests that fall due while so many are under way are dropped. */
  readonly maxInFlight: number;
  /**
   * How many connections are open before the first request; more are made where they are needed. To connect costs the client
   * much more than a request: one that had to for every request it is late with would fall further behind with each.
   */
  readonly connections?: number;
}

/** What came of a load. All but the counts of the schedule leave the warm-up out. */
export interface Outcome {
  /** Requests that fell due (open loop) or were sent (closed loop), the warm-up included. */
  scheduled: number;
  /** Of these, those that found too many under way. */
  dropped: number;
  /** Complete responses. */
  completed: number;
  /** Of these, those with another status than 200. */
  unexpected: number;
  /** Failed exchanges by kind. */
  readonly failed: Record<string, number>;
  /** From the first recorded request on, in milliseconds. */
  elapsed: number;
  /** From sending to the first byte, in milliseconds each. */
  readonly waits: Samples;
  /** `total` of the server's own Server-Timing, in milliseconds each, where they are read. */
  readonly totals: Samples;
  /** How much later than scheduled a request was sent, in milliseconds each; open loop only. */
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

/** Runs an open loop to its end: until the last request was answered. */
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

/** Waits until a time of `performance.now()`, never less: a timer as far as it can be trusted, then polling. */
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

/** The connections of a load, closed together, and the patience with each. */
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

/** Sends and takes notes. */
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

  /** One exchange; never rejects for what the server does. */
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
      // A server that refuses at once must not turn the loop into a hot one.
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

/** The duration of the metric `total` in a Server-Timing header, in milliseconds. */
export function serverTotal(timing: string | null): number | undefined {
  const match = timing && /(?:^|[, ])total;dur=([\d.]+)/.exec(timing);
  return match ? Number(match[1]) : undefined;
}
