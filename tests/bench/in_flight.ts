/**
 * Memory of thousands of pending exchanges, and their effect on the punctuality of other answers.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { HeldConnections } from "./held_connections.ts";
import { serverTotal } from "./lean_drivers.ts";
import { LoadDriver } from "./load_driver.ts";
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

const FULL: Size = { count: 9000, long: 60_000, pace: 2000, duration: 10_000 };
const OURS = "perfmock";
const QUICK: Size = { count: 1000, long: 4000, pace: 2000, duration: 1000 };

/** Measures one server after the other. */
export const inFlight: Benchmark = {
  name: "in-flight",
  measures: `Memory of ${FULL.count} pending exchanges of ${
    FULL.long / 1000
  } s, each beyond that of an idle keep-alive connection, and the lateness of answers with a delay of ${SHORT} ms during that time`,
  async run(context) {
    const size = context.quick ? QUICK : FULL;
    const found: Found[] = [];
    for (const [name, start] of SERVERS) {
      const server = await start(context, size);
      found.push(await measure(name, server, { size, context }));
      await server.child.stop();
    }
    return [
      ...found.map(({ memory }) => memory),
      ...found.flatMap(({ lateness }) => lateness),
    ];
  },
};

const SERVERS = [["setTimeout", startTimers], [OURS, startOurs]] as const;

function startTimers({ children }: Context, size: Size): Promise<Server> {
  const delays = JSON.stringify({ wait: SHORT, slow: size.long });
  return startScript(children, "set_timeout", {
    args: [delays],
    flags: PROBED,
  });
}

function startOurs({ children }: Context, size: Size): Promise<Server> {
  const response = { text: "ok" };
  const config = {
    routes: [
      { path: "/idle", response },
      { path: "/wait", serviceTime: `${SHORT}ms`, response },
      { path: "/slow", serviceTime: `${size.long}ms`, response },
    ],
  };
  return startPerfmock(children, { config, flags: PROBED });
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
      },
      targets: name === OURS
        ? [
          { column: "heap KiB each", atMost: 4 },
          { column: "resident KiB each", atMost: 10 },
        ]
        : [],
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
