/**
 * Memory of thousands of pending exchanges, and their effect on the punctuality of other answers.
 *
 * @module
 */
import type { Benchmark, Context, Row, Target } from "./benchmark.ts";
import { absentRows, onEngine, startEngines } from "./engines.ts";
import { HeldConnections } from "./held_connections.ts";
import { serverTotal } from "./lean_drivers.ts";
import { LoadDriver } from "./load_driver.ts";
import type { Children } from "./processes.ts";
import { descriptorLimit } from "./process_figures.ts";
import {
  memoryOf,
  PROBED,
  type Server,
  startPerfmock,
  startScript,
} from "./servers.ts";
import { quantiles } from "./statistics.ts";

/** Delay of the route that is fetched while the others are pending, in ms. */
const SHORT = 20;
const SHORT_RATE = 1000;

/** Size of a run. */
interface Size {
  /** Number of pending exchanges. */
  readonly count: number;
  /** Delay of each pending exchange, in ms. */
  readonly long: number;
  /** Rate at which the exchanges are started, per second. */
  readonly pace: number;
  /** Time during which the other route is fetched, in ms. */
  readonly duration: number;
}

const FULL: Size = {
  count: 10_000,
  long: 60_000,
  pace: 2000,
  duration: 10_000,
};
const QUICK: Size = { count: 1000, long: 4000, pace: 2000, duration: 1000 };

/** Descriptors of a process that are not connections of this benchmark, a generous estimate. */
const OTHER_DESCRIPTORS = 500;
const TIMERS = "setTimeout";
const COLUMNS = [
  "pending",
  "heap KiB each",
  "resident KiB each",
  "idle connection, resident KiB",
  "waiting connection, resident KiB",
];

/** Targets by label. */
const TARGETS: Readonly<Record<string, readonly Target[]>> = {
  [onEngine("native")]: [
    { column: "idle connection, resident KiB", atMost: 4 },
    { column: "waiting connection, resident KiB", atMost: 4 },
  ],
  [onEngine("deno")]: [
    { column: "heap KiB each", atMost: 4 },
    { column: "resident KiB each", atMost: 10 },
  ],
};

/** Measures one server after the other. */
export const inFlight: Benchmark = {
  name: "in-flight",
  measures:
    `Memory of ${FULL.count} idle keep-alive connections and of as many pending exchanges of ${
      FULL.long / 1000
    } s on them, each without what the kernel keeps for the connection, which is not resident memory; "heap" and "resident" are those of the pending exchange beyond its connection. Then the lateness of answers with a delay of ${SHORT} ms during that time`,
  async run(context) {
    const size = withinLimit(context);
    const timers = await startTimers(context.children, size);
    const { servers, absent } = await startEngines(
      context,
      configuration(size),
      (children, config) => startPerfmock(children, { config, flags: PROBED }),
    );
    const found: Found[] = [];
    for (const [name, server] of new Map([[TIMERS, timers], ...servers])) {
      found.push(await measure(name, server, { size, context }));
      await server.child.stop();
    }
    return [
      ...found.map(({ memory }) => memory),
      ...absentRows(absent, COLUMNS, {
        targets: (label) => TARGETS[label] ?? [],
      }),
      ...found.flatMap(({ lateness }) => lateness),
    ];
  },
};

/** Returns the size of the run: fewer connections if the system does not let one process open so many. */
function withinLimit({ quick, note }: Context): Size {
  const size = quick ? QUICK : FULL;
  const limit = descriptorLimit();
  const count = Math.min(size.count, limit - OTHER_DESCRIPTORS);
  if (count === size.count) return size;
  note(
    `A process may open ${limit} descriptors, so there are ${count} connections; ulimit -n 20000 allows all`,
  );
  return { ...size, count };
}

function startTimers(children: Children, size: Size): Promise<Server> {
  const delays = JSON.stringify({ wait: SHORT, slow: size.long });
  return startScript(children, "set_timeout", {
    args: [delays],
    flags: PROBED,
  });
}

function configuration(size: Size) {
  const response = { text: "ok" };
  return {
    routes: [
      { path: "/idle", response },
      { path: "/wait", serviceTime: `${SHORT}ms`, response },
      { path: "/slow", serviceTime: `${size.long}ms`, response },
    ],
  };
}

/** Rows for one server. */
interface Found {
  readonly memory: Row;
  readonly lateness: readonly Row[];
}

async function measure(
  name: string,
  server: Server,
  { size, context }: { readonly size: Size; readonly context: Context },
): Promise<Found> {
  const driver = new LoadDriver(context.children);
  const fetchShort = async () => {
    const { totals } = await driver.drive({
      url: `${server.url}/wait`,
      rate: SHORT_RATE,
      duration: size.duration,
      warmup: size.duration / 10,
      totals: true,
    });
    return totals;
  };
  const alone = await fetchShort();
  const before = await memoryOf(server);
  using connections = new HeldConnections(server.url, size.count);
  await (await connections.send("/idle", size.pace)).answers;
  const idle = await memoryOf(server);
  const { answers } = await connections.send("/slow", size.pace);
  const pending = await memoryOf(server);
  const meanwhile = await fetchShort();
  const long = (await answers).map((answer) =>
    serverTotal(answer.header("server-timing")) ?? NaN
  );
  const each = (bytes: number) => bytes / size.count / 1024;
  return {
    memory: {
      what: name,
      values: {
        "pending": size.count,
        "heap KiB each": each(pending.heapUsed - idle.heapUsed),
        "resident KiB each": each(pending.rss - idle.rss),
        "idle connection, resident KiB": each(idle.rss - before.rss),
        "waiting connection, resident KiB": each(pending.rss - before.rss),
      },
      targets: TARGETS[name] ?? [],
    },
    lateness: [
      latenessRow(`${name}, ${SHORT} ms alone`, alone, SHORT),
      latenessRow(`${name}, ${SHORT} ms meanwhile`, meanwhile, SHORT),
      latenessRow(
        `${name}, the ${size.long / 1000} s themselves`,
        long,
        size.long,
      ),
    ],
  };
}

function latenessRow(
  what: string,
  totals: readonly number[],
  target: number,
): Row {
  const late = totals.map((total) => total - target);
  const [p50, p99, p999, max] = quantiles(late, [0.5, 0.99, 0.999, 1]);
  return {
    what,
    values: {
      "answers": late.length,
      "early": late.filter((ms) => ms < 0).length,
      "late p50 ms": p50,
      "late p99 ms": p99,
      "late p99.9 ms": p999,
      "late max ms": max,
    },
  };
}
