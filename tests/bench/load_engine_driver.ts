/**
 * A process that runs scenarios of perfmock's load engine, so that it has the client's processor to itself. It reads orders as lines of
 * JSON and writes results. This module is both ends: an importer starts the process, and as main module it is the process.
 *
 * @module
 */
import type { LoadScenario } from "../../core/load.ts";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { processorTime } from "./machine.ts";
import { type Child, type Children, serveOrders } from "./processes.ts";

/** An order for a load. */
export interface EngineOrder {
  /** URL that is fetched with GET. */
  readonly url: string;
  /** Scenario without its requests, as a load script has it. */
  readonly scenario: Readonly<Record<string, unknown>>;
  /** Duration of the scenario, in s. */
  readonly seconds: number;
}

/** Result of an order. */
export interface EngineReport {
  /** Figures of the scenario. */
  readonly sent: LoadScenario;
  /** Processor time of the process per request, in µs; null for a run of a few seconds. It does not depend on other work. */
  readonly cost: number | null;
  /** Resident memory of the process once a second, in MiB. */
  readonly resident: readonly number[];
}

/** Time beyond the duration of a scenario after which the process is given up, in ms. */
const PATIENCE = 60_000;
const MIB = 1024 ** 2;

/** Starts a process with a load engine and sends it orders. */
export class LoadEngineDriver {
  readonly #child: Child;

  /** Starts the process. */
  constructor(children: Children) {
    this.#child = children.deno("load_engine_driver.ts", [], [], {
      side: "client",
    });
  }

  /** Runs one scenario to its end. */
  async run(order: EngineOrder): Promise<EngineReport> {
    await this.#child.send(JSON.stringify(order));
    return JSON.parse(
      await this.#child.line(order.seconds * 1000 + PATIENCE),
    );
  }
}

async function obey(
  engine: Perfmock,
  { url, scenario, seconds }: EngineOrder,
): Promise<EngineReport> {
  const { origin, pathname } = new URL(url);
  // Read at each tick, because the thread's processor time ends with the thread.
  const ticks: { readonly used: number; readonly started: number }[] = [];
  const resident: number[] = [];
  const { scenarios } = await engine.load({
    target: origin,
    scenarios: {
      load: {
        ...scenario,
        duration: `${seconds}s`,
        requests: [{ path: pathname }],
      },
    },
  }, {
    progress: ({ scenarios: [{ started }] }) => {
      ticks.push({ used: processorTime(Deno.pid), started });
      resident.push(Deno.memoryUsage().rss / MIB);
    },
  });
  // The run may have ended before the last tick.
  const [first, last] = [ticks[0], ticks[ticks.length - 2]];
  const cost = ticks.length < 3
    ? null
    : (last.used - first.used) * 1000 / (last.started - first.started);
  return { sent: scenarios.load, cost, resident };
}

if (import.meta.main) {
  await using engine = await createPerfmock({}, { listen: false });
  await serveOrders((order: EngineOrder) => obey(engine, order));
}
