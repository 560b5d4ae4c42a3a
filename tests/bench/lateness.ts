/**
 * Lateness of answers as the servers themselves see it, when requests arrive on a schedule.
 *
 * @module
 */
import type { Benchmark, Context, Row, Target } from "./benchmark.ts";
import { absentRows, onEngine, startEngines } from "./engines.ts";
import { LoadDriver } from "./load_driver.ts";
import { comparing, inTurn, WARM_UP } from "./rounds.ts";
import { nativeLateness, type Server, startNative } from "./servers.ts";
import { median, medianExcess, pick, quantile } from "./statistics.ts";

/** Configured delay, in ms. */
const DELAY = 20;
const NATIVE = "native C";
const SUBJECT = onEngine("native");
const RATES = [1000, 5000];
const COLUMNS = [
  "answers",
  "p50 ms",
  "p99 ms",
  "p99.9 ms",
  "client late p99 ms",
  "over native C p99 ms",
];
const TARGETS: readonly Target[] = [
  { column: "over native C p99 ms", atMost: 0.1 },
];

/** Figures of one round. Times are in ms. */
interface Late {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  /** 99th percentile of the client's own lateness. */
  readonly client: number;
}

/** A server, and the way to read its lateness. */
interface Party {
  readonly server: Server;
  /** Returns the lateness since the last call. */
  read(): Promise<Omit<Late, "client">>;
}

/** Sends requests on a schedule to each server in turn. */
export const lateness: Benchmark = {
  name: "lateness",
  measures:
    `Lateness of answers with a delay of ${DELAY} ms as each server sees it after ${WARM_UP} s of load, from when an answer was due to when its head was handed over, under an open load; the last column is the median over rounds of the difference from native C`,
  async run(context) {
    const together = await context.children.separate();
    if (together !== undefined) context.note(together);
    const { parties, absent } = await startAll(context);
    const driver = new LoadDriver(context.children);
    const rows: Row[] = [];
    for (const rate of RATES) {
      const prefix = `${rate} a second, `;
      const targets = (label: string) => label === SUBJECT ? TARGETS : [];
      const found = await measure(context, { parties, driver, rate });
      rows.push(
        ...[...found].map(([label, own]) => ({
          what: `${prefix}${label}`,
          values: figures(
            own,
            label === NATIVE ? undefined : found.get(NATIVE),
          ),
          targets: targets(label),
        })),
        ...absentRows(absent, COLUMNS, { prefix, targets }),
      );
    }
    return rows;
  },
};

async function startAll(context: Context) {
  const parties = new Map<string, Party>();
  const native = await startNative(context.children, DELAY);
  if (typeof native === "string") context.note(native);
  else {
    parties.set(NATIVE, {
      server: native,
      read: () => nativeLateness(native),
    });
  }
  const config = {
    routes: [{
      id: "wait",
      path: "/wait",
      serviceTime: `${DELAY}ms`,
      response: { text: "ok" },
    }],
  };
  const { servers, absent } = await startEngines(context, config);
  for (const [label, server] of servers) {
    parties.set(label, { server, read: () => readStats(server) });
  }
  return { parties, absent };
}

/** Reads the lateness of the route from `stats`, and starts the figures again. */
async function readStats({ url }: Server): Promise<Omit<Late, "client">> {
  const stats = await fetch(`${url}/_perfmock/stats`);
  const { count, p50, p99, p999 } = (await stats.json()).routes.wait.lateness;
  await fetch(`${url}/_perfmock/reset`, { method: "POST" });
  return { count, p50: p50 ?? NaN, p99: p99 ?? NaN, p999: p999 ?? NaN };
}

async function measure(
  { quick, note }: Context,
  { parties, driver, rate }: {
    readonly parties: ReadonlyMap<string, Party>;
    readonly driver: LoadDriver;
    readonly rate: number;
  },
): Promise<ReadonlyMap<string, readonly Late[]>> {
  const drive = (duration: number) => async ({ server, read }: Party) => {
    await read();
    const { lags } = await driver.drive({
      url: `${server.url}/wait`,
      rate,
      duration,
      warmup: 0,
      totals: false,
    });
    return { ...await read(), client: quantile(lags, 0.99) };
  };
  await inTurn(
    parties,
    drive(quick ? 300 : WARM_UP * 1000),
    comparing(true),
  );
  const turns = await inTurn(
    parties,
    drive(quick ? 500 : 3000),
    comparing(quick),
  );
  note(`${rate} a second: ${turns.words}`);
  return turns.figures;
}

function figures(
  own: readonly Late[],
  native: readonly Late[] | undefined,
): Row["values"] {
  return {
    answers: own.reduce((sum, { count }) => sum + count, 0),
    "p50 ms": median(pick(own, "p50")),
    "p99 ms": median(pick(own, "p99")),
    "p99.9 ms": median(pick(own, "p999")),
    "client late p99 ms": median(pick(own, "client")),
    "over native C p99 ms": native === undefined
      ? NaN
      : medianExcess(pick(own, "p99"), pick(native, "p99")),
  };
}
