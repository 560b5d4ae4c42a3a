/**
 * Rate and punctuality of the load engine: one thread sends to the native reference in a separate process.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { type EngineReport, LoadEngineDriver } from "./load_engine_driver.ts";
import { comparing, inTurn } from "./rounds.ts";
import { type Server, startNative, startScript } from "./servers.ts";
import { leastOfThirds, median, medianRatio, pick } from "./statistics.ts";
import { hasWrk, runWrk } from "./wrk.ts";

const CONNECTIONS = 50;
const RATE = 10_000;
const CLOSED = `closed model, ${CONNECTIONS} users`;
const WRK = `wrk, one thread, ${CONNECTIONS} connections`;

/** Measures the open model, the closed model in turn with wrk, and memory during a longer run. */
export const load: Benchmark = {
  name: "load",
  measures:
    `One load thread against native C without a delay: ${RATE} arrivals per second, evenly spaced; ${CONNECTIONS} users without think time, in turn with wrk; resident memory while it runs`,
  async run(context) {
    const together = await context.children.separate();
    if (together !== undefined) context.note(together);
    const url = `${(await startTarget(context)).url}/`;
    const driver = new LoadEngineDriver(context.children);
    const bench = { context, driver, url };
    // The first run compiles the code of the others.
    await driver.run({ url, scenario: closed, seconds: 1 });
    return [
      ...await openRows(bench),
      ...await closedRows(bench),
      ...await memoryRows(bench),
    ];
  },
};

/** Parties of this benchmark. */
interface Bench {
  readonly context: Context;
  readonly driver: LoadEngineDriver;
  readonly url: string;
}

const open = {
  executor: "arrival-rate",
  arrivals: "uniform",
  rate: `${RATE}/s`,
  maxInFlight: 1000,
} as const;
const closed = { executor: "virtual-users", users: CONNECTIONS } as const;

async function startTarget({ children, note }: Context): Promise<Server> {
  const native = await startNative(children, 0);
  if (typeof native !== "string") return native;
  note(`${native}: a bare Deno.serve takes its place`);
  return await startScript(children, "bare_text");
}

async function openRows({ context, driver, url }: Bench): Promise<Row[]> {
  const seconds = context.quick ? 1 : 5;
  const what = `open model, ${RATE}/s`;
  const { figures, words } = await inTurn(
    new Map([[what, open]]),
    async (scenario) => {
      const { sent } = await driver.run({ url, scenario, seconds });
      const { p50, p99, p999, max } = sent.startLag;
      return {
        rate: sent.rate,
        dropped: sent.dropped,
        failed: sent.failed,
        p50: p50 ?? NaN,
        p99: p99 ?? NaN,
        p999: p999 ?? NaN,
        max: max ?? NaN,
      };
    },
    comparing(context.quick),
  );
  context.note(`Open model: ${words}`);
  const own = figures.get(what) ?? [];
  return [{
    what,
    values: {
      "requests/s": Math.round(median(pick(own, "rate"))),
      dropped: Math.max(...pick(own, "dropped")),
      failed: Math.max(...pick(own, "failed")),
      "start lag p50 ms": median(pick(own, "p50")),
      "p99 ms": median(pick(own, "p99")),
      "p99.9 ms": median(pick(own, "p999")),
      "max ms": Math.max(...pick(own, "max")),
    },
    targets: [
      { column: "dropped", atMost: 0 },
      { column: "failed", atMost: 0 },
      { column: "p99 ms", atMost: 0.1 },
    ],
  }];
}

/** Figures of one round of the closed model. */
interface Closed {
  readonly rate: number;
  readonly failed: number;
  readonly cost: number;
}

async function closedRows({ context, driver, url }: Bench): Promise<Row[]> {
  const { quick, children, note } = context;
  const seconds = quick ? 2 : 5;
  const parties = new Map<string, () => Promise<Closed>>();
  parties.set(CLOSED, async () => {
    const { sent, cost } = await driver.run({ url, scenario: closed, seconds });
    return { rate: sent.rate, failed: sent.failed, cost: cost ?? NaN };
  });
  if (await hasWrk()) {
    parties.set(WRK, async () => {
      const order = { url, connections: CONNECTIONS, seconds };
      const { rate } = await runWrk(children, order);
      return { rate, failed: 0, cost: NaN };
    });
  } else note("wrk is not installed, so it is left out");
  const turns = await inTurn(
    parties,
    (measure) => measure(),
    comparing(quick),
  );
  note(`Closed model: ${turns.words}`);
  const wrk = turns.figures.get(WRK);
  return [...turns.figures].map(([what, own]) => ({
    what,
    values: {
      "requests/s": Math.round(median(pick(own, "rate"))),
      failed: Math.max(...pick(own, "failed")),
      "µs of processor each": median(pick(own, "cost")),
      "of wrk": wrk === undefined || what === WRK
        ? NaN
        : medianRatio(pick(own, "rate"), pick(wrk, "rate")),
    },
    targets: what === CLOSED
      ? [
        { column: "failed", atMost: 0 },
        { column: "of wrk", atLeast: 0.9 },
      ]
      : [],
  }));
}

/** Measures the growth of resident memory from the second to the last third of a run; the engine warms up in the first. */
async function memoryRows({ context, driver, url }: Bench): Promise<Row[]> {
  const seconds = context.quick ? 4 : Math.round(context.minutes * 60);
  context.note(`Memory is measured once a second, for ${seconds} s`);
  const { sent, resident }: EngineReport = await driver.run({
    url,
    scenario: open,
    seconds,
  });
  const [first, second, last] = leastOfThirds(resident).map(Math.round);
  return [{
    what: `memory over ${seconds} s at ${RATE}/s`,
    values: {
      dropped: sent.dropped,
      failed: sent.failed,
      "p99 ms": sent.startLag.p99 ?? NaN,
      "first third MiB": first,
      "second MiB": second,
      "last MiB": last,
      "grown MiB": last - second,
    },
    targets: [
      { column: "grown MiB", atMost: 10 },
      { column: "failed", atMost: 0 },
    ],
  }];
}
