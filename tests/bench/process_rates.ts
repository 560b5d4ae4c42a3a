/**
 * Rate of answers against the number of processes.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { LoadDriver } from "./load_driver.ts";
import { familyOf, usedTime } from "./process_figures.ts";
import { inTurn, type Rounds } from "./rounds.ts";
import { type Server, startPerfmock } from "./servers.ts";
import { median, medianRatio, pick } from "./statistics.ts";
import { hasWrk, runWrk } from "./wrk.ts";

const CONNECTIONS = 64;
/** A body that is made for each answer, so that the server is at its limit before the load is. */
const CONFIG = {
  routes: [{
    path: "/ok",
    response: {
      json: { ids: Array.from({ length: 40 }, () => "{{uuid}}") },
    },
  }],
};
const ALONE = "one process, no supervisor";

/** Numbers of processes. */
const COUNTS = [1, 2, 3];

/** Result of one slice of load. */
interface Slice {
  /** Answers per second. */
  readonly rate: number;
  /** Processor time of all processes of the server per answer, in microseconds. */
  readonly cost: number;
  /** Processors that the server took. */
  readonly busy: number;
}

/** Starts all servers at once and loads them one after the other. */
export const processes: Benchmark = {
  name: "processes",
  measures:
    `a 0 ms route with 40 made values over ${CONNECTIONS} connections, served by 1 to 3 processes. The load takes processors of the same machine: "of linear" compares the rate with that of one process times the number of processes, "by cost" the processor time per answer, which is what a machine with processors enough would show`,
  async run(context) {
    const load = await loadOf(context);
    const servers = new Map<string, Server>();
    servers.set(
      ALONE,
      await startPerfmock(context.children, { config: CONFIG }),
    );
    for (const count of COUNTS) {
      servers.set(
        labelOf(count),
        await startPerfmock(context.children, {
          config: CONFIG,
          args: ["--processes", `${count}`],
        }),
      );
    }
    const cores = navigator.hardwareConcurrency;
    context.note(
      `The machine has ${cores} processors for server and load together`,
    );
    const rounds: Rounds = context.quick
      ? { wanted: 1, most: 1 }
      : { wanted: 5, most: 8 };
    const measure = (seconds: number) => (server: Server) =>
      measureSlice(server, load, seconds);
    await inTurn(servers, measure(1), { wanted: 1, most: 1 });
    const turns = await inTurn(servers, measure(context.quick ? 1 : 2), rounds);
    context.note(turns.words);
    const one = turns.figures.get(labelOf(1)) ?? [];
    return [
      toRow(ALONE, turns.figures.get(ALONE) ?? [], { one, count: 1 }),
      ...COUNTS.map((count) =>
        toRow(labelOf(count), turns.figures.get(labelOf(count)) ?? [], {
          one,
          count,
        })
      ),
    ];
  },
};

function labelOf(count: number): string {
  return `--processes ${count}`;
}

/** Sends load for a time and returns the number of answers and their rate. */
type Load = (
  url: string,
  seconds: number,
) => Promise<{ readonly requests: number; readonly rate: number }>;

async function loadOf({ children, note }: Context): Promise<Load> {
  if (await hasWrk()) {
    note("The load comes from wrk, one thread");
    return (url, seconds) =>
      runWrk(children, { url, connections: CONNECTIONS, seconds });
  }
  note(
    "wrk is not installed, so the load comes from a client in Deno, which takes about as much of a processor as the server",
  );
  const driver = new LoadDriver(children);
  return async (url, seconds) => {
    const { completed, elapsed } = await driver.drive({
      url,
      connections: CONNECTIONS,
      duration: seconds * 1000,
      warmup: 0,
      totals: false,
    });
    return { requests: completed, rate: completed / elapsed * 1000 };
  };
}

async function measureSlice(
  { child, url }: Server,
  load: Load,
  seconds: number,
): Promise<Slice> {
  const family = familyOf(child.pid);
  const used = () => family.reduce((sum, pid) => sum + usedTime(pid), 0);
  const before = used();
  const { rate, requests } = await load(`${url}/ok`, seconds);
  const spent = used() - before;
  return {
    rate,
    cost: spent / requests * 1000,
    busy: spent / (requests / rate * 1000),
  };
}

function toRow(
  what: string,
  own: readonly Slice[],
  { count, one }: { readonly one: readonly Slice[]; readonly count: number },
): Row {
  return {
    what,
    values: {
      "answers/s": Math.round(median(pick(own, "rate"))),
      "processors": median(pick(own, "busy")),
      "µs of processor each": median(pick(own, "cost")),
      "of linear": medianRatio(pick(own, "rate"), pick(one, "rate")) / count,
      "of linear, by cost": medianRatio(pick(one, "cost"), pick(own, "cost")),
    },
    targets: what === ALONE
      ? []
      : [{ column: "of linear, by cost", atLeast: 0.9 }],
  };
}
