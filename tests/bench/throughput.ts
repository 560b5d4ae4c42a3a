/**
 * Maximum throughput of routes without a delay, compared with bare Deno.serve and bare Hono.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { LoadDriver } from "./load_driver.ts";
import { processorTime } from "./machine.ts";
import { type Server, startPerfmock, startScript } from "./servers.ts";
import { median, medianRatio } from "./statistics.ts";

const CONNECTIONS = 50;
const OURS = "perfmock, all built-in plugins";
const TEXT = 'bare Deno.serve, "ok"';
// Clones one prepared answer: a lower bound of the cost, which no answer that depends on the request can reach.
const CLONE = "bare Deno.serve, perfmock's headers, all prepared";
const RECORD = "bare Deno.serve, perfmock's headers, a record each";
const HONO = 'bare Hono, "ok"';

/** Result of one slice of load. */
interface Slice {
  /** Answers per second. */
  readonly rate: number;
  /** Processor time of the server per answer, in microseconds. */
  readonly cost: number;
  /** Processor time of the server divided by elapsed time; 1 is one whole core. */
  readonly busy: number;
}

/** Runs all servers at once and loads them one after the other in slices. */
export const throughput: Benchmark = {
  name: "throughput",
  measures:
    `0 ms routes over ${CONNECTIONS} connections. A ratio is the median of the ratios of all rounds. "by cost" compares processor time per answer, because a ratio of rates favours the slower server if the client limits the faster one (busy below 95 %)`,
  async run(context) {
    const servers = await startAll(context);
    const driver = new LoadDriver(context.children);
    const slices = new Map<string, Slice[]>();
    for (let round = 0; round < (context.quick ? 2 : 9); round++) {
      for (const [name, server] of servers) {
        const slice = await measure(server, driver, context.quick);
        slices.set(name, [...slices.get(name) ?? [], slice]);
      }
    }
    return [...slices].map(([name, own]) => toRow(name, own, slices));
  },
};

async function startAll({ children }: Context): Promise<Map<string, Server>> {
  const config = { routes: [{ path: "/ok", response: { text: "ok" } }] };
  const ours = await startPerfmock(children, { config });
  const sample = JSON.stringify(await copyAnswer(`${ours.url}/ok`));
  return new Map([
    [TEXT, await startScript(children, "bare_text")],
    [CLONE, await startScript(children, "bare_clone", { args: [sample] })],
    [RECORD, await startScript(children, "bare_record", { args: [sample] })],
    [HONO, await startScript(children, "hono_text")],
    [OURS, ours],
  ]);
}

/** Returns the headers and body of a live answer, without the headers that Deno adds to every answer. */
async function copyAnswer(url: string) {
  const response = await fetch(url, {
    headers: { "accept-encoding": "identity" },
  });
  const body = await response.text();
  const headers = new Headers(response.headers);
  headers.delete("date");
  headers.delete("content-length");
  return { headers: Object.fromEntries(headers), body };
}

async function measure(
  server: Server,
  driver: LoadDriver,
  quick: boolean,
): Promise<Slice> {
  const used = processorTime(server.child.pid);
  const duration = quick ? 300 : 1000;
  const report = await driver.drive({
    url: `${server.url}/ok`,
    connections: CONNECTIONS,
    duration,
    warmup: 0,
    totals: false,
  });
  const cost = processorTime(server.child.pid) - used;
  return {
    rate: report.completed / report.elapsed * 1000,
    cost: cost / report.completed * 1000,
    busy: cost / report.elapsed,
  };
}

function toRow(
  name: string,
  own: readonly Slice[],
  all: ReadonlyMap<string, readonly Slice[]>,
): Row {
  const rates = (slices: readonly Slice[] = []) =>
    slices.map(({ rate }) => rate);
  const costs = (slices: readonly Slice[] = []) =>
    slices.map(({ cost }) => cost);
  return {
    what: name,
    values: {
      "answers/s": Math.round(median(rates(own))),
      "busy": median(own.map(({ busy }) => busy)),
      "µs of processor each": median(costs(own)),
      'of "ok"': medianRatio(rates(own), rates(all.get(TEXT))),
      "of same headers": medianRatio(rates(own), rates(all.get(RECORD))),
      "of same headers, by cost": medianRatio(
        costs(all.get(RECORD)),
        costs(own),
      ),
      "of prepared, by cost": medianRatio(costs(all.get(CLONE)), costs(own)),
    },
    targets: name === OURS
      ? [
        { column: "of same headers", atLeast: 0.75 },
        { column: "of same headers, by cost", atLeast: 0.75 },
      ]
      : [],
  };
}
