/**
 * Hours of use in minutes: a high rate while the configuration is replaced every second.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { chosenEngines, onEngine, startEngine } from "./engines.ts";
import { LoadEngineDriver } from "./load_engine_driver.ts";
import { openDescriptors, residentBytes } from "./process_figures.ts";
import type { Server } from "./servers.ts";
import { leastOfThirds } from "./statistics.ts";

/** Requests per second. */
const RATE = 20_000;
const MIB = 1024 ** 2;

/** Time for which closed connections may take to leave the server, in ms. */
const CLOSING = 10_000;

/** Returns a configuration of moderate size; each number has other settings. */
function config(number: number) {
  return {
    plugins: {
      limiter: { pools: { db: { concurrency: 100_000 + number } } },
    },
    routes: [
      {
        id: "soak",
        path: "/soak",
        serviceTime: "5ms",
        response: { text: "ok" },
      },
      ...Array.from({ length: 10 }, (_, index) => ({
        id: `r${index}`,
        path: `/r/${index}`,
        serviceTime: `${1 + (number + index) % 100}ms`,
        limiter: "db",
        response: { json: { index, number } },
      })),
    ],
  };
}

/** Loads the first engine that runs here. */
export const soak: Benchmark = {
  name: "soak",
  measures:
    `${RATE} requests/s by the load engine with a new configuration every second, for --minutes: requests without an answer, descriptors, and the least resident memory of each third. Memory that the kernel keeps for sockets does not count`,
  async run(context) {
    const together = await context.children.separate();
    if (together !== undefined) context.note(together);
    for (const engine of chosenEngines()) {
      const server = await startEngine(context, engine, { config: config(0) });
      if (typeof server === "string") context.note(server);
      else return [await measure(context, onEngine(engine), server)];
    }
    return [];
  },
};

async function measure(
  { children, quick, minutes }: Context,
  label: string,
  server: Server,
): Promise<Row> {
  const { pid } = server.child;
  const seconds = quick ? 4 : Math.round(minutes * 60);
  const driver = new LoadEngineDriver(children);
  const load = (seconds: number) =>
    driver.run({
      url: `${server.url}/soak`,
      scenario: {
        executor: "arrival-rate",
        arrivals: "uniform",
        rate: `${quick ? 2000 : RATE}/s`,
        maxInFlight: 10_000,
      },
      seconds,
    });
  await load(2);
  const before = await settledDescriptors(pid, 0);
  const replacing = new Replacing(server);
  const { sent } = await load(seconds);
  const { replaced, failed, resident } = await replacing.stop();
  const after = await settledDescriptors(pid, before);
  const [first, second, last] = leastOfThirds(resident);
  return {
    what: `${label}, ${seconds} s`,
    values: {
      requests: sent.scheduled,
      "requests/s": Math.round(sent.rate),
      "not sent": sent.dropped,
      unanswered: sent.started - sent.completed,
      "start lag p99 ms": sent.startLag.p99 ?? NaN,
      "response p99 ms": sent.serviceTime.p99 ?? NaN,
      reloads: replaced,
      "failed reloads": failed,
      "descriptors before": before,
      "left open": after - before,
      "first third MiB": first,
      "second MiB": second,
      "last MiB": last,
      "grown MiB": last - second,
    },
    targets: [
      { column: "not sent", atMost: 0 },
      { column: "unanswered", atMost: 0 },
      { column: "failed reloads", atMost: 0 },
      { column: "left open", atMost: 0 },
      { column: "grown MiB", atMost: 10 },
    ],
  };
}

/** Returns the number of a process's descriptors once it is at most `wanted`, or does not fall further for a while. */
async function settledDescriptors(
  pid: number,
  wanted: number,
): Promise<number> {
  let least = openDescriptors(pid);
  for (
    let end = performance.now() + CLOSING / 5, start = performance.now();
    least > wanted && performance.now() < Math.min(end, start + CLOSING);
  ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const count = openDescriptors(pid);
    if (count >= least) continue;
    least = count;
    end = performance.now() + CLOSING / 5;
  }
  return least;
}

/** Replaces the configuration and reads the resident memory once a second until stopped. */
class Replacing {
  readonly #resident: number[] = [];
  readonly #server: Server;
  readonly #timer: ReturnType<typeof setInterval>;
  #last: Promise<void> = Promise.resolve();
  #replaced = 0;
  #failed = 0;

  constructor(server: Server) {
    this.#server = server;
    this.#timer = setInterval(() => {
      this.#resident.push(residentBytes(server.child.pid) / MIB);
      this.#last = this.#last.then(() => this.#replace());
    }, 1000);
  }

  /** Ends after the active change. Returns the numbers of changes and the resident memory, in MiB. */
  async stop(): Promise<{
    readonly replaced: number;
    readonly failed: number;
    readonly resident: readonly number[];
  }> {
    clearInterval(this.#timer);
    await this.#last;
    return {
      replaced: this.#replaced,
      failed: this.#failed,
      resident: this.#resident,
    };
  }

  async #replace(): Promise<void> {
    try {
      // A connection of its own, so that none is left open at the end.
      const response = await fetch(`${this.#server.url}/_perfmock/config`, {
        method: "PUT",
        headers: { connection: "close" },
        body: JSON.stringify(config(this.#replaced + 1)),
      });
      await response.body?.cancel();
      if (response.ok) this.#replaced++;
      else this.#failed++;
    } catch {
      this.#failed++;
    }
  }
}
