/**
 * Punctuality of responses on Deno's HTTP server: setTimeout, perfmock on the engine deno and native code compared. The benchmarks
 * `steps` and `lateness` compare the engines.
 *
 * @module
 */
import type { Benchmark, Context, Row, Target } from "./benchmark.ts";
import { onEngine, withEngine } from "./engines.ts";
import { LoadDriver, type Order, type Report } from "./load_driver.ts";
import {
  type Server,
  startNative,
  startPerfmock,
  startScript,
} from "./servers.ts";
import { inWords, quietRounds, turned } from "./rounds.ts";
import { medianExcess, quantile, quantiles, Samples } from "./statistics.ts";

/** Configured delay, in ms. */
const TARGET = 20;
const NATIVE = "native C";
const OURS = onEngine("deno");

/** Number of tasks that Deno's event loop runs before it polls for input and output. Deno's default is 61. */
const INTERVAL = { DENO_TOKIO_EVENT_INTERVAL: "1" };
const OURS_EACH = `${OURS}, event interval 1`;
const CLOCK_EACH = "its clock alone, event interval 1";

/** Load of a row of the table, and perfmock's targets under it. */
interface Load {
  readonly what: string;
  readonly shape: { readonly connections: number } | { readonly rate: number };
  readonly targets: readonly Target[];
}

const never = { column: "early", atMost: 0 };
const lateness: readonly Target[] = [
  never,
  { column: "server p50 ms", atMost: 0.05 },
  { column: "server p99 ms", atMost: 0.5 },
  { column: "server p99.9 ms", atMost: 1.5 },
];
const excess: readonly Target[] = [
  never,
  { column: "excess p50 ms", atMost: 0.1 },
  { column: "excess p99 ms", atMost: 0.5 },
];
const LOADS: readonly Load[] = [
  ...[20, 100, 400].map((connections) => ({
    what: `${connections} connections`,
    shape: { connections },
    targets: excess,
  })),
  ...[1000, 5000].map((rate) => ({
    what: `${rate} a second`,
    shape: { rate },
    targets: lateness,
  })),
];

/** Puts the same load on each server, in interleaved slices. */
export const precision: Benchmark = {
  name: "precision",
  measures:
    `Deno's HTTP server: lateness of responses with a delay of ${TARGET} ms, as measured by the server (Server-Timing) and from outside; "excess" is the median over slices of the difference from native C`,
  async run(context) {
    const together = await context.children.separate();
    if (together !== undefined) context.note(together);
    const servers = await startAll(context);
    const driver = new LoadDriver(context.children);
    const rows = [];
    for (const load of LOADS) {
      rows.push(...await measure(load, { context, driver, servers }));
    }
    return rows;
  },
};

type Servers = ReadonlyMap<string, Server>;

async function startAll(context: Context): Promise<Servers> {
  const { children } = context;
  const servers = new Map<string, Server>();
  servers.set(
    "setTimeout",
    await startScript(children, "set_timeout", {
      args: [JSON.stringify({ wait: TARGET })],
    }),
  );
  const config = withEngine({
    routes: [{
      path: "/wait",
      serviceTime: `${TARGET}ms`,
      response: { text: "ok" },
    }],
  }, "deno");
  servers.set(OURS, await startPerfmock(children, { config }));
  servers.set(
    OURS_EACH,
    await startPerfmock(children, { config, env: INTERVAL }),
  );
  servers.set(
    CLOCK_EACH,
    await startScript(children, "precise_clock", {
      args: [`${TARGET}`],
      env: INTERVAL,
    }),
  );
  const native = await startNative(children, TARGET);
  if (typeof native === "string") context.note(native);
  else servers.set(NATIVE, native);
  return servers;
}

/** Figures of one server under one load. */
class Sight {
  readonly totals = new Samples();
  readonly waits = new Samples();
  readonly lags = new Samples();
  readonly slices: { readonly p50: number; readonly p99: number }[] = [];
  elapsed = 0;
  dropped = 0;

  add(report: Report): void {
    this.totals.addAll(report.totals);
    this.waits.addAll(report.waits);
    this.lags.addAll(report.lags);
    this.dropped += report.dropped;
    this.elapsed += report.elapsed;
    const [p50, p99] = quantiles(report.waits, [0.5, 0.99]);
    this.slices.push({ p50, p99 });
  }
}

async function measure(
  load: Load,
  { context, driver, servers }: {
    readonly context: Context;
    readonly driver: LoadDriver;
    readonly servers: Servers;
  },
): Promise<Row[]> {
  const order: Omit<Order, "url"> = {
    duration: context.quick ? 400 : 1500,
    warmup: context.quick ? 100 : 300,
    totals: true,
    ...load.shape,
  };
  const sights = new Map(
    [...servers.keys()].map((name) => [name, new Sight()]),
  );
  const once = async (round: number) => {
    const reports: [string, Report][] = [];
    for (const [name, server] of turned([...servers], round)) {
      const url = `${server.url}/wait`;
      reports.push([name, await driver.drive({ ...order, url } as Order)]);
    }
    return reports;
  };
  const rounds = await quietRounds(
    once,
    context.quick ? { wanted: 1, most: 1 } : { wanted: 8, most: 24 },
  );
  for (const [name, report] of rounds.kept.flat()) {
    sights.get(name)?.add(report);
  }
  context.note(`${load.what}: ${inWords(rounds)}`);
  return [...sights].map(([name, sight]) => {
    const values = figures(sight, sights.get(NATIVE));
    const known = ({ column }: Target) => values[column] !== undefined;
    const ours = name === OURS || name === OURS_EACH;
    const targets = ours ? load.targets.filter(known) : [];
    return { what: `${load.what}, ${name}`, values, targets };
  });
}

function figures(
  sight: Sight,
  native: Sight | undefined,
): Record<string, number> {
  const late = Array.from(sight.totals.values(), (total) => total - TARGET);
  const [p50, p99, p999, max] = quantiles(late, [0.5, 0.99, 0.999, 1]);
  const waits = sight.waits.values();
  const early = late.filter((ms) => ms < 0).length +
    waits.filter((ms) => ms < TARGET).length;
  return {
    "answers/s": Math.round(waits.length / sight.elapsed * 1000),
    dropped: sight.dropped,
    early,
    "server p50 ms": p50,
    "server p99 ms": p99,
    "server p99.9 ms": p999,
    "server max ms": max,
    "outside p50 ms": quantile(waits, 0.5),
    "outside p99 ms": quantile(waits, 0.99),
    "client late p99 ms": quantile(sight.lags.values(), 0.99),
    ...native && {
      "excess p50 ms": sight === native
        ? NaN
        : sliceExcess(sight, native, "p50"),
      "excess p99 ms": sight === native
        ? NaN
        : sliceExcess(sight, native, "p99"),
    },
  };
}

function sliceExcess(
  ours: Sight,
  native: Sight,
  figure: "p50" | "p99",
): number {
  const pick = (sight: Sight) => sight.slices.map((slice) => slice[figure]);
  return medianExcess(pick(ours), pick(native));
}
