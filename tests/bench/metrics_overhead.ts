/**
 * Cost of recording every request.
 *
 * @module
 */
import { MetricRegistry } from "../../core/observe/metric_registry.ts";
import { Recorder } from "../../core/observe/recorder.ts";
import type { Exchange } from "../../core/plugin.ts";
import type { Benchmark, Context } from "./benchmark.ts";
import { LoadDriver } from "./load_driver.ts";
import { processorTime } from "./machine.ts";
import { type Server, startScript } from "./servers.ts";
import { median, medianRatio } from "./statistics.ts";

const CONNECTIONS = 50;
const DELAY = 10;

/** A route that answers with a few kilobytes of JSON, as an API does. */
const CONFIG = JSON.stringify({
  routes: [{
    path: "/orders",
    serviceTime: { exponential: { mean: DELAY } },
    response: {
      json: Array.from({ length: 20 }, (_, id) => ({
        id,
        name: "Walnut desk",
        price: 349,
      })),
    },
  }],
});

/** Runs both servers at once and loads them in slices, in an order that alternates between rounds. */
export const metricsOverhead: Benchmark = {
  name: "metrics-overhead",
  measures:
    `Processor time per answer of a JSON route of ${DELAY} ms over ${CONNECTIONS} connections, with and without recording: the cheapest of alternating slices, which other work on the machine disturbed least; and the cost of recording measured by itself, where no other work hides it`,
  async run(context) {
    const on = await start(context, "on");
    const off = await start(context, "off");
    const driver = new LoadDriver(context.children);
    const costs: Record<"on" | "off", number[]> = { on: [], off: [] };
    for (let round = 0; round < (context.quick ? 2 : 20); round++) {
      const both = [["on", on], ["off", off]] as const;
      for (const [name, server] of round % 2 === 0 ? both : both.toReversed()) {
        costs[name].push(await measure(server, driver, context.quick));
      }
    }
    const [cheapOn, cheapOff] = [Math.min(...costs.on), Math.min(...costs.off)];
    const alone = recordingAlone(context.quick ? 20_000 : 200_000);
    return [
      {
        what: "with recording",
        values: {
          "µs of processor each": cheapOn,
          "median µs": median(costs.on),
          "more %": (cheapOn / cheapOff - 1) * 100,
          "median more %": (medianRatio(costs.on, costs.off) - 1) * 100,
        },
        targets: [{ column: "more %", atMost: 3 }],
      },
      {
        what: "without",
        values: {
          "µs of processor each": cheapOff,
          "median µs": median(costs.off),
          "more %": NaN,
          "median more %": NaN,
        },
        targets: [],
      },
      {
        what: "recording alone, in process",
        values: {
          "µs of processor each": alone,
          "median µs": NaN,
          "more %": alone / cheapOff * 100,
          "median more %": NaN,
        },
        targets: [{ column: "more %", atMost: 3 }],
      },
    ];
  },
};

function start({ children }: Context, recording: "on" | "off") {
  return startScript(children, "recording", { args: [recording, CONFIG] });
}

/** Measures the processor time per answer, in µs. */
async function measure(
  { child, url }: Server,
  driver: LoadDriver,
  quick: boolean,
): Promise<number> {
  const used = processorTime(child.pid);
  const { completed } = await driver.drive({
    url: `${url}/orders`,
    connections: CONNECTIONS,
    duration: quick ? 300 : 1000,
    warmup: 0,
    totals: false,
  });
  return (processorTime(child.pid) - used) / completed * 1000;
}

/** Measures the cost of recording one exchange, in µs: the fastest of several rounds. */
function recordingAlone(exchanges: number): number {
  const recorder = new Recorder(new MetricRegistry(), 0)
    .route("orders", "/orders", "GET");
  let best = Infinity;
  let arrival = 0;
  for (let round = 0; round < 9; round++) {
    const start = performance.now();
    for (let n = 0; n < exchanges; n++) {
      arrival += 0.2;
      recorder.arrived(arrival);
      recorder.observe(answered(arrival, n % 97));
    }
    best = Math.min(best, (performance.now() - start) / exchanges * 1000);
  }
  return best;
}

/** Creates an answered exchange. */
function answered(arrival: number, service: number): Exchange {
  const due = arrival + service;
  return {
    sequence: 0,
    turn: 0,
    method: "GET",
    arrival,
    start: arrival,
    service,
    degradation: 0,
    due,
    end: due + 0.03,
    phase: "body",
    status: 200,
    sent: 0,
    client: undefined,
    trace: "4bf92f3577b34da6a3ce929d0e0e4736",
    span: "00f067aa0ba902b7",
    parent: "",
    sampled: true,
    outcome: "answered",
    header: () => null,
  };
}
