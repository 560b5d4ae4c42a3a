/**
 * The thread of one simulation, so that the server's thread goes on answering. A worker starts this module; see apart.ts.
 *
 * @module
 */
import {
  type LoadResult,
  threadHost,
  type ThreadInput,
  threadWorld,
} from "../../../core/load.ts";
import {
  type ErrorCode,
  type Issue,
  PerfmockError,
  type Segment,
} from "../../../core/plugin.ts";
import type { StressScenarios } from "../script/script.ts";
import { simulate } from "./simulate.ts";

/** Order for the thread of a simulation. */
export interface SimulationOrder {
  /** The configuration. */
  readonly input: ThreadInput;
  /** The script as written. The server's thread has checked it. */
  readonly script: unknown;
  /** Absolute path of the folder that the script's relative paths start from. */
  readonly folder: string;
  /** Share of the traffic that is simulated. Default: all of it. */
  readonly segment?: Segment | undefined;
  /** Seed of a script that names none. */
  readonly seed: number | string;
  /** Origins other than loopback that requests may go to. */
  readonly targets: readonly string[];
  /** Maximum growth of the memory of the thread's objects, in bytes. */
  readonly memory: number;
}

/** The only message from the thread: its result, or the error that ended it. */
export type FromSimulation =
  | { readonly kind: "ended"; readonly result: LoadResult }
  | {
    readonly kind: "failed";
    /** Code of a PerfmockError; undefined for any other error. */
    readonly code: ErrorCode | undefined;
    readonly message: string;
    readonly issues: readonly Issue[];
  };

/** Takes all stress scenarios: the server's thread has checked them, and a simulation leaves them out. */
const CHECKED: StressScenarios = {
  issues: () => [],
  start: () => Promise.reject(new Error("A simulation puts no stress")),
};

/** Carries out an order. Never rejects. */
export async function carryOut(
  { input, script, folder, segment, seed, memory, targets }: SimulationOrder,
): Promise<FromSimulation> {
  try {
    const { kit, stream, suggest } = await threadHost(input);
    const result = await simulate(script, {
      kit,
      stream,
      suggest,
      folder,
      segment,
      seed,
      memory,
      server: { targets, stress: CHECKED },
      // The server's own world has logged what there is to say of the configuration.
      virtualWorld: () => threadWorld(input, () => {}),
    });
    return { kind: "ended", result };
  } catch (error) {
    return error instanceof PerfmockError
      ? {
        kind: "failed",
        code: error.code,
        message: error.message,
        issues: error.issues,
      }
      : { kind: "failed", code: undefined, message: String(error), issues: [] };
  }
}

/** The scope of a worker, which the library types of this project do not contain. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<SimulationOrder>) => void) | null;
  postMessage(message: FromSimulation): void;
}

const scope = globalThis as unknown as WorkerScope;

// Without a worker, importing this module does nothing: only a worker has postMessage.
if (typeof scope.postMessage === "function") {
  scope.onmessage = async ({ data }) => scope.postMessage(await carryOut(data));
}
