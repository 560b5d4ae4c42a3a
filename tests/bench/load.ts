/**
 * Rate and punctuality of the load engine: one thread sends to a bare Deno.serve in a separate process.
 *
 * @module
 */
import type { LoadScenario } from "../../core/load.ts";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { processorTime } from "./machine.ts";
import { inWords, quietRounds } from "./rounds.ts";
import { type Server, startScript } from "./servers.ts";

const CONNECTIONS = 50;
const RATE = 10_000;
const MIB = 1024 ** 2;

/** Measures the open model, the closed model with wrk for comparison, and memory during a longer run. */
export const load: Benchmark = {
  name: "load",
  measures:
    `One load thread against a bare Deno.serve: ${RATE} arrivals per second, evenly spaced; ${CONNECTIONS} users without think time; resident memory while it runs`,
  async run(context) {
    const target = await startScript(context.children, "bare_text");
    await using engine = await createPerfmock({}, { listen: false });
    const seconds = context.quick ? 1 : 10;
    // The first run compiles the code of the others.
    await send(engine, target, closed(1));
    const rounds = await quietRounds(
      () => send(engine, target, open(seconds)),
      { wanted: 1, most: context.quick ? 1 : 5 },
    );
    context.note(`Open model: ${inWords(rounds)}`);
    const rows = [
      openRow(rounds.kept[0]),
      closedRow(await send(engine, target, closed(seconds))),
      ...await wrkRow(target, seconds, context),
    ];
    return [...rows, await memoryRow(engine, target, context)];
  },
};

/** A scenario as a user writes it. */
type Scenario = Readonly<Record<string, unknown>>;

function open(seconds: number): Scenario {
  return {
    executor: "arrival-rate",
    arrivals: "uniform",
    rate: `${RATE}/s`,
    duration: `${seconds}s`,
    maxInFlight: 1000,
  };
}

function closed(seconds: number): Scenario {
  return {
    executor: "virtual-users",
    users: CONNECTIONS,
    duration: `${seconds}s`,
  };
}

/** Figures of a scenario, and its cost. */
interface Sent extends LoadScenario {
  /** Processor time of this process per request, in µs; it does not depend on other work on the machine. */
  readonly cost: number;
}

async function send(
  engine: Perfmock,
  { url }: Server,
  scenario: Scenario,
  progress?: () => void,
): Promise<Sent> {
  // Read at each tick, because the thread's processor time ends with the thread.
  const ticks: { readonly used: number; readonly started: number }[] = [];
  const summary = await engine.load({
    target: url,
    scenarios: { load: { ...scenario, requests: [{ path: "/" }] } },
  }, {
    progress: ({ scenarios: [{ started }] }) => {
      ticks.push({ used: processorTime(Deno.pid), started });
      progress?.();
    },
  });
  const sent = summary.scenarios.load;
  const [first, last] = [ticks[0], ticks[ticks.length - 2]];
  const cost = (last?.used - first?.used) * 1000 /
    (last?.started - first?.started);
  return { ...sent, cost };
}

function openRow({ rate, failed, dropped, startLag }: Sent): Row {
  return {
    what: `open model, ${RATE}/s`,
    values: {
      "requests/s": Math.round(rate),
      dropped,
      failed,
      "start lag p50 ms": startLag.p50 ?? NaN,
      "p99 ms": startLag.p99 ?? NaN,
      "p99.9 ms": startLag.p999 ?? NaN,
      "max ms": startLag.max ?? NaN,
    },
    targets: [
      { column: "dropped", atMost: 0 },
      { column: "failed", atMost: 0 },
      { column: "p99 ms", atMost: 0.5 },
    ],
  };
}

function closedRow({ rate, failed, cost }: Sent): Row {
  return {
    what: `closed model, ${CONNECTIONS} users`,
    values: {
      "requests/s": Math.round(rate),
      failed,
      "µs of processor each": cost,
    },
    targets: [
      { column: "requests/s", atLeast: 40_000 },
      { column: "failed", atMost: 0 },
    ],
  };
}

/** Measures the same load with wrk, a native client, if it is installed. */
async function wrkRow(
  { url }: Server,
  seconds: number,
  { note }: Context,
): Promise<Row[]> {
  try {
    const { stdout } = await new Deno.Command("wrk", {
      args: ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, `${url}/`],
    }).output();
    const found = /Requests\/sec:\s*([\d.]+)/.exec(
      new TextDecoder().decode(stdout),
    );
    const rate = Math.round(Number(found?.[1] ?? NaN));
    return [{ what: "wrk, one thread", values: { "requests/s": rate } }];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    note("wrk is not installed, so it is left out");
    return [];
  }
}

/** Measures the growth of resident memory from the second to the last third of a run; the engine warms up in the first. */
async function memoryRow(
  engine: Perfmock,
  target: Server,
  { quick, note }: Context,
): Promise<Row> {
  const seconds = quick ? 3 : 600;
  note(`Memory is measured once a second, for ${seconds} s`);
  const resident: number[] = [];
  const { dropped, failed, startLag } = await send(
    engine,
    target,
    open(seconds),
    () => resident.push(Deno.memoryUsage().rss / MIB),
  );
  const third = Math.floor(resident.length / 3);
  const [first, second, last] = [0, third, 2 * third].map((from) =>
    Math.round(Math.min(...resident.slice(from, from + third)))
  );
  return {
    what: `memory over ${seconds} s at ${RATE}/s`,
    values: {
      dropped,
      failed,
      "p99 ms": startLag.p99 ?? NaN,
      "first third MiB": first,
      "second MiB": second,
      "last MiB": last,
      "grown MiB": last - second,
    },
    targets: [
      { column: "grown MiB", atMost: 10 },
      { column: "failed", atMost: 0 },
    ],
  };
}
