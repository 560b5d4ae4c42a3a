/**
 * A script in virtual time.
 *
 * @module
 */
import type { LoadResult, VirtualWorld } from "../../../core/load.ts";
import { PerfmockError } from "../../../core/plugin.ts";
import { ControlRun } from "../executors/control_run.ts";
import { LoadRun, type RunWatcher } from "../executors/load_run.ts";
import { parseScript } from "../script/parse.ts";
import type { ScriptTools } from "../script/script.ts";
import { VirtualEnvironment } from "./virtual_environment.ts";

/** How many timers fire between two looks at the rest of the world: a millisecond or two. */
const CHUNK = 500;

/** How many chunks time may stand still. */
const STILL = 1000;

/** What a simulation needs of the server whose configuration it copies. */
export interface SimulationTools extends Omit<ScriptTools, "server"> {
  /** See ScriptServer; what the script turns is the world's own. */
  readonly server: Omit<NonNullable<ScriptTools["server"]>, "dials">;
  /** The configuration in virtual time. */
  virtualWorld(): Promise<VirtualWorld>;
  /** Ends it early. */
  readonly signal?: AbortSignal | undefined;
  /** Told once a virtual second. */
  readonly tick?: RunWatcher["tick"];
}

/**
 * Runs a script in virtual time. It gives way to the event loop every few milliseconds. Stress is left out: it acts on the machine,
 * which no virtual time has.
 *
 * @param value the script as written
 * @throws PerfmockError `SCRIPT_INVALID` with all faults, or where time stands still
 */
export async function simulate(
  value: unknown,
  tools: SimulationTools,
): Promise<LoadResult> {
  await using world = await tools.virtualWorld();
  const script = await parseScript(value, {
    ...tools,
    server: { ...tools.server, dials: world.dials },
  });
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
    while (result === undefined) {
      if (tools.signal?.aborted) run.cut();
      else world.run(Infinity, CHUNK);
      const now = world.clock.now();
      still = now > before ? 0 : still + 1;
      if (still > STILL) throw stuck(now);
      before = now;
      await turnOfEventLoop();
    }
    return result;
  } finally {
    await controls.stop();
  }
}

/** I/O and timers of others have their turn. */
function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function stuck(now: number): PerfmockError {
  return new PerfmockError(
    "SCRIPT_INVALID",
    `Cannot simulate the script: requests go on without end at ${now} ms, and time stands still`,
    [{
      path: "/scenarios",
      message:
        "Users who do not think send to routes that take no time: in virtual time that never ends",
      allowed: "a think time, or a service time",
    }],
  );
}
