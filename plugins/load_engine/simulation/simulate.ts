/**
 * Load scripts in virtual time.
 *
 * @module
 */
import process from "node:process";
import type { LoadResult, VirtualWorld } from "../../../core/load.ts";
import { PerfmockError } from "../../../core/plugin.ts";
import { ControlRun } from "../executors/control_run.ts";
import { LoadRun, type RunWatcher } from "../executors/load_run.ts";
import { notesOnSimulation } from "../script/notes.ts";
import { parseScript } from "../script/parse.ts";
import type { ScriptTools } from "../script/script.ts";
import { VirtualEnvironment } from "./virtual_environment.ts";

/** Number of timers that fire between two turns of the event loop; they take a millisecond or two. */
const CHUNK = 500;

/** Maximum number of chunks in which virtual time does not advance. */
const MAX_STILL_CHUNKS = 1000;

/** Number of chunks between two looks at the memory in use. */
const CHUNKS_PER_LOOK = 8;

/** Tools of a simulation: those of a script, and the virtual world. */
export interface SimulationTools extends Omit<ScriptTools, "server"> {
  /** See {@linkcode ScriptServer}. The dials are those of the virtual world. */
  readonly server:
    | Omit<NonNullable<ScriptTools["server"]>, "dials">
    | undefined;
  /** Builds the configuration in virtual time. */
  virtualWorld(): Promise<VirtualWorld>;
  /** Ends the simulation early: with the figures so far, or by an error if the reason is a PerfmockError. */
  readonly signal?: AbortSignal | undefined;
  /** Maximum growth of the memory of this thread's objects, in bytes. Default: no limit. */
  readonly memory?: number | undefined;
  /** Reports progress once a virtual second. */
  readonly tick?: RunWatcher["tick"];
}

/**
 * Runs a script in virtual time. It yields to the event loop every few milliseconds. Stress scenarios are left out: they act on the
 * machine, which has no virtual time.
 *
 * @param value the script as written
 * @throws PerfmockError `SCRIPT_INVALID` with all issues, or if virtual time stands still
 */
export async function simulate(
  value: unknown,
  tools: SimulationTools,
): Promise<LoadResult> {
  await using world = await tools.virtualWorld();
  const parsed = await parseScript(value, {
    ...tools,
    server: tools.server && { ...tools.server, dials: world.dials },
  });
  const script = { ...parsed, notes: notesOnSimulation(parsed) };
  let result: LoadResult | undefined;
  const run = new LoadRun(script, new VirtualEnvironment(world), {
    tick: tools.tick,
    ended: (ended) => result = ended,
  });
  const controls = new ControlRun(script, {
    clock: world.clock,
    dials: world.dials,
    stress: undefined,
    owner: `simulation of "${script.name}"`,
    failed: () => {},
  });
  try {
    controls.start();
    run.start();
    let still = 0;
    let before = world.clock.now();
    const memory = new MemoryLimit(tools.memory);
    while (result === undefined) {
      const { signal } = tools;
      if (signal?.aborted) {
        if (signal.reason instanceof PerfmockError) throw signal.reason;
        run.cut();
      } else world.run(Infinity, CHUNK);
      await world.switching;
      memory.check();
      const now = world.clock.now();
      still = now > before ? 0 : still + 1;
      if (still > MAX_STILL_CHUNKS) throw stuck(now);
      before = now;
      await turnOfEventLoop();
    }
    return result;
  } finally {
    await controls.stop();
  }
}

/** Error of a simulation that exceeds a limit. */
export function beyondLimit(what: string, status = 400): PerfmockError {
  return new PerfmockError(
    "SIMULATION_LIMIT",
    `Cannot simulate the script: ${what}`,
    [],
    { status },
  );
}

/** Limit of the memory that the objects of this thread take, counted from now on. */
class MemoryLimit {
  readonly #limit: number;
  readonly #most: number;
  #chunks = 0;

  constructor(limit = Infinity) {
    this.#limit = limit;
    this.#most = limit === Infinity ? Infinity : heapUsed() + limit;
  }

  /** Looks at the memory now and then: garbage counts until it is collected. */
  check(): void {
    if (this.#most === Infinity || ++this.#chunks % CHUNKS_PER_LOOK > 0) return;
    if (heapUsed() <= this.#most) return;
    throw beyondLimit(
      `it has taken more than ${Math.round(this.#limit / 2 ** 20)} MiB`,
    );
  }
}

function heapUsed(): number {
  return process.memoryUsage().heapUsed;
}

/** Lets input, output and other timers proceed. */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function stuck(now: number): PerfmockError {
  return new PerfmockError(
    "SCRIPT_INVALID",
    `Cannot simulate the script: virtual time stands still at ${now} ms`,
    [{
      path: "/scenarios",
      message:
        "Users without a think time send to routes without a service time: virtual time cannot advance",
      allowed: "a think time, or a service time",
    }],
  );
}
