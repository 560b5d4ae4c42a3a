/** Figures of a process by the operating system, independent of what the process reports itself. Linux only. */

/** True if the operating system offers the figures. */
export const CAN_LOOK: boolean = Deno.build.os === "linux";

/** Resolution of CPU times that Linux reports to user space, in ms. */
const TICK = 10;

/** Use of the processor by a thread since its start. */
export interface ThreadUse {
  /** Time on a core in ms, from /proc/PID/task/TID/stat. */
  readonly ran: number;
  /** Time ready to run without a core in ms, from /proc/PID/task/TID/schedstat. */
  readonly waited: number;
  /** Time of the reading in ms. */
  readonly at: number;
}

/** Reads the use of the processor by a thread. */
export async function threadUse(pid: number, tid: number): Promise<ThreadUse> {
  const folder = `/proc/${pid}/task/${tid}`;
  const stat = await Deno.readTextFile(`${folder}/stat`);
  const schedstat = await Deno.readTextFile(`${folder}/schedstat`);
  // The name, in parentheses, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return {
    ran: TICK * (Number(fields[11]) + Number(fields[12])),
    waited: Number(schedstat.split(" ")[1]) / 1e6,
    at: performance.now(),
  };
}

/** Shares of the time between two readings, 0…1. */
export function shares(
  from: ThreadUse,
  to: ThreadUse,
): { readonly ran: number; readonly waited: number } {
  const time = to.at - from.at;
  return {
    ran: (to.ran - from.ran) / time,
    waited: (to.waited - from.waited) / time,
  };
}

/** Ids of the threads of a process; empty once the process has ended. */
export async function threads(pid: number): Promise<number[]> {
  try {
    return await Array.fromAsync(
      Deno.readDir(`/proc/${pid}/task`),
      ({ name }) => Number(name),
    );
  } catch {
    return [];
  }
}

/** Resident size of a process, in bytes. */
export async function residentSize(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}
