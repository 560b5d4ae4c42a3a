/**
 * What the system says of the thread that asks: how long it ran, and how long it waited for a core.
 *
 * @module
 */
import process from "node:process";

/** The times of a thread since it began, in milliseconds. */
export interface ThreadTimes {
  /** On a core. */
  readonly ran: number;
  /** Ready to run, without a core. */
  readonly waited: number;
}

/** The system's id of the thread that asks; 0 where it cannot be known. */
export function threadId(readable: boolean): number {
  if (!readable) return 0;
  try {
    return Number(Deno.readLinkSync("/proc/thread-self").split("/").at(-1));
  } catch {
    return 0;
  }
}

/**
 * Reads the times of the thread that asks, to the nanosecond after it has slept, to a tick while it runs; without
 * /proc/thread-self, in steps of a tick, and how long it waited is 0.
 */
export function threadTimes(readable: boolean): ThreadTimes {
  if (readable) {
    const [ran, waited] = Deno.readTextFileSync("/proc/thread-self/schedstat")
      .split(" ");
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
  }
  const { user, system } = process.threadCpuUsage();
  return { ran: (user + system) / 1000, waited: 0 };
}
