/** A process as the system sees it: nothing here trusts what the process says of itself. Linux only. */

/** Whether the system can be asked. */
export const CAN_LOOK: boolean = Deno.build.os === "linux";

/** Linux tells user space of CPU time in steps of this many milliseconds. */
const TICK = 10;

/** What a thread has done since it began, in milliseconds. */
export interface ThreadUse {
  /** On a core, from /proc/PID/task/TID/stat. */
  readonly ran: number;
  /** Ready to run without a core, from schedstat beside it. */
  readonly waited: number;
  /** When that was read. */
  readonly at: number;
}

/** Reads what a thread has done. */
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

/** The shares of time between two readings. */
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

/** The ids of a process's threads; empty once it is gone. */
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

/** The resident size of a process, in bytes. */
export async function residentSize(pid: number): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
}
