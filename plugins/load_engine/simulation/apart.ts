/**
 * Simulations on threads of their own. Such a thread can be ended whatever it is doing.
 *
 * @module
 */
import type { LoadResult } from "../../../core/load.ts";
import { PerfmockError } from "../../../core/plugin.ts";
import type { FromSimulation, SimulationOrder } from "./simulation_thread.ts";

/** The worker of a simulation; tests replace it. */
export type SimulationWorker = Pick<
  Worker,
  "postMessage" | "terminate" | "onmessage" | "onerror" | "onmessageerror"
>;

/**
 * Simulates on a thread of its own.
 *
 * @param signal ends the thread at once
 * @param startWorker starts the worker. Default: a real thread
 * @throws the errors of a simulation; the signal's reason; Error if the thread itself fails
 */
export async function simulateApart(
  order: SimulationOrder,
  signal: AbortSignal,
  startWorker: () => SimulationWorker = startSimulationThread,
): Promise<LoadResult> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<FromSimulation>();
  const worker = startWorker();
  const aborted = () => reject(signal.reason);
  signal.addEventListener("abort", aborted);
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => {
    // Keeps the error from being thrown again on this thread.
    event.preventDefault();
    reject(new Error(`The thread of the simulation failed: ${event.message}`));
  };
  worker.onmessageerror = () =>
    reject(
      new Error("The thread of the simulation sent an unreadable message"),
    );
  try {
    worker.postMessage(order);
    const message = await promise;
    if (message.kind === "ended") return message.result;
    const { code, issues } = message;
    throw code === undefined
      ? new Error(message.message)
      : new PerfmockError(code, message.message, issues);
  } finally {
    signal.removeEventListener("abort", aborted);
    worker.terminate();
  }
}

function startSimulationThread(): Worker {
  return new Worker(new URL("./simulation_thread.ts", import.meta.url), {
    type: "module",
    name: "simulation",
  });
}
