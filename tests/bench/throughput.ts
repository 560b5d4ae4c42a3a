/**
 * How many requests a second perfmock answers at once, beside bare Deno.serve and bare Hono.
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
// The same answer each time, cloned: no program that says anything of the request can have it so cheaply.
const CLONE = "bare Deno.serve, perfmock's headers, all prepared";
const RECORD = "bare Deno.serve, perfmock's headers, a record each";
const HONO = 'bare Hono, "ok"';

/** What one slice of load found. */
interface Slice {
  /** Answers per second. */
  readonly rate: number;
  /** Processor time of the server per answer, in microseconds. */
  readonly cost: number;
  /** The share of a core that the server used. */
  readonly busy: number;
}

/** All servers alive at once, loaded one after the other in slices. */
export const throughput: Benchmark = {
  name: "throughput",
  measures:
    `0 ms routes over ${CONNECTIONS} connections; the ratios are medians of those of each round. "by cost" compares processor time per answer: rates flatter the slower where the client is what limits the faster (busy below 95 %)`,
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

/** A live answer's headers and body, without what Deno adds to any. */
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
