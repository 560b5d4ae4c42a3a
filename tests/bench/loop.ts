/**
 * Cost of an engine to whatever else runs on the event loop of the server's process, and its processor time when nothing happens.
 *
 * @module
 */
import type { Benchmark, Context, Row, Target } from "./benchmark.ts";
import { absentRows, type Engines, onEngine, startEngines } from "./engines.ts";
import { LoadDriver } from "./load_driver.ts";
import { usedTime } from "./process_figures.ts";
import { comparing, inTurn } from "./rounds.ts";
import { type Server, startScript } from "./servers.ts";
import { type Probed, PROBES } from "./servers/loop_probe.ts";
import { median, medianExcess, pick, quantiles } from "./statistics.ts";

/** Requests per second while the event loop is measured. */
const RATE = 2000;

/** Requests per second to the control API meanwhile. */
const HEALTH_RATE = 100;
const HEALTH = "GET health, from outside";
const [SUBJECT, REFERENCE] = [onEngine("native"), onEngine("deno")];
const OVER = "over Deno's p99 ms";
const LOOP_COLUMNS = ["p50 ms", "p99 ms", OVER];
const LOOP_TARGETS: readonly Target[] = [{ column: OVER, atMost: 1 }];
const IDLE = "processor when idle %";
const IDLE_TARGETS: readonly Target[] = [{ column: IDLE, atMost: 0.5 }];
const CONFIG = {
  routes: [{ path: "/wait", serviceTime: "20ms", response: { text: "ok" } }],
};

/** Figures of one thing that is measured, in ms. */
interface Times {
  readonly p50: number;
  readonly p99: number;
}

/** Measures each engine in turn under load, then all engines without load. */
export const loop: Benchmark = {
  name: "loop",
  measures:
    `What else runs on the server's event loop at ${RATE} requests/s: a fetch from a second server in the same process, a file that is read, a timer, and the control API; "over Deno's" is the median over rounds of the difference from the engine deno. Then the processor time without requests`,
  async run(context) {
    const together = await context.children.separate();
    if (together !== undefined) context.note(together);
    return [...await loopRows(context), ...await idleRows(context)];
  },
};

async function loopRows(context: Context): Promise<Row[]> {
  const { children, note, quick } = context;
  const { servers, absent } = await startEngines(
    context,
    CONFIG,
    (children, config) =>
      startScript(children, "loop_probe", { args: [JSON.stringify(config)] }),
  );
  const drivers = [new LoadDriver(children), new LoadDriver(children)];
  const measure = (duration: number) => (server: Server) =>
    probeUnderLoad(server, drivers, duration);
  await inTurn(servers, measure(quick ? 500 : 2000), comparing(true));
  const { figures, words } = await inTurn(
    servers,
    measure(quick ? 1000 : 5000),
    comparing(quick),
  );
  note(`Event loop: ${words}`);
  const rows: Row[] = [];
  for (const thing of [...PROBES, HEALTH] as const) {
    const targets = (label: string) => label === SUBJECT ? LOOP_TARGETS : [];
    const times = (label: string) =>
      (figures.get(label) ?? []).map((round) => round[thing]);
    for (const label of servers.keys()) {
      const own = times(label);
      rows.push({
        what: `${thing}, ${label}`,
        values: {
          "p50 ms": median(pick(own, "p50")),
          "p99 ms": median(pick(own, "p99")),
          [OVER]: label === SUBJECT
            ? medianExcess(pick(own, "p99"), pick(times(REFERENCE), "p99"))
            : NaN,
        },
        targets: targets(label),
      });
    }
    const prefix = `${thing}, `;
    rows.push(...absentRows(absent, LOOP_COLUMNS, { prefix, targets }));
  }
  return rows;
}

/** Loads one server and measures its event loop from within, and the control API from outside. */
async function probeUnderLoad(
  { url, child }: Server,
  [load, control]: readonly LoadDriver[],
  duration: number,
): Promise<Probed & Readonly<Record<typeof HEALTH, Times>>> {
  const order = { duration, warmup: 0, totals: false };
  await child.send(JSON.stringify({ duration }));
  const [line, { waits }] = await Promise.all([
    child.line(duration + 30_000),
    control.drive({
      ...order,
      url: `${url}/_perfmock/health`,
      rate: HEALTH_RATE,
    }),
    load.drive({ ...order, url: `${url}/wait`, rate: RATE }),
  ]);
  const [p50, p99] = quantiles(waits, [0.5, 0.99]);
  return { ...JSON.parse(line), [HEALTH]: { p50, p99 } };
}

/** Measures all engines at once: none of them has anything to do. */
async function idleRows(context: Context): Promise<Row[]> {
  const seconds = context.quick ? 1 : 10;
  const { servers, absent }: Engines = await startEngines(context, CONFIG);
  const driver = new LoadDriver(context.children);
  for (const { url } of servers.values()) {
    await driver.drive({
      url: `${url}/wait`,
      rate: RATE,
      duration: 1000,
      warmup: 0,
      totals: false,
    });
  }
  const pause = (ms: number) =>
    new Promise((resolve) => setTimeout(resolve, ms));
  await pause(context.quick ? 500 : 3000);
  const used = () =>
    [...servers.values()].map(({ child }) => usedTime(child.pid));
  const before = used();
  await pause(seconds * 1000);
  const after = used();
  const targets = (label: string) => label === SUBJECT ? IDLE_TARGETS : [];
  return [
    ...[...servers.keys()].map((label, i) => ({
      what: `idle for ${seconds} s, ${label}`,
      values: { [IDLE]: (after[i] - before[i]) / seconds / 10 },
      targets: targets(label),
    })),
    ...absentRows(absent, [IDLE], {
      prefix: `idle for ${seconds} s, `,
      targets,
    }),
  ];
}
