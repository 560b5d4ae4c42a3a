/**
 * Describes the machine on which the figures are measured.
 *
 * @module
 */

/** Properties of a machine that affect the figures. */
export interface Machine {
  /** Number of logical processors that this process may use. */
  readonly cores: number;
  /** Name of the processor; "unknown" if the system does not provide it. */
  readonly processor: string;
  /** Operating system and its release. */
  readonly system: string;
  /** Version of Deno. */
  readonly deno: string;
  /** Load average of the last minute: the mean number of runnable processes. Other processes add noise to the figures. */
  readonly load: number;
}

/** Describes this machine. */
export function describeMachine(): Machine {
  return {
    cores: navigator.hardwareConcurrency,
    processor: processorName(),
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    load: Deno.loadavg()[0],
  };
}

function processorName(): string {
  try {
    const text = Deno.readTextFileSync("/proc/cpuinfo");
    return /^model name\s*: (.+)$/m.exec(text)?.[1] ?? "unknown";
  } catch {
    return "unknown";
  }
}

/**
 * Returns the processor time that a process has used so far, over all threads.
 *
 * @param pid id of the process
 * @returns milliseconds; NaN if the system does not provide it
 */
export function processorTime(pid: number): number {
  try {
    let nanoseconds = 0;
    for (const task of Deno.readDirSync(`/proc/${pid}/task`)) {
      const text = Deno.readTextFileSync(
        `/proc/${pid}/task/${task.name}/schedstat`,
      );
      nanoseconds += Number(text.split(" ", 1)[0]);
    }
    return nanoseconds / 1e6;
  } catch {
    return NaN;
  }
}

/**
 * Returns the steal time since the machine started, over all processors: the time during which the hypervisor ran other guests
 * instead.
 *
 * @returns milliseconds, in steps of 10; 0 if the system does not provide it
 */
export function stolenTime(): number {
  try {
    const [total] = Deno.readTextFileSync("/proc/stat").split("\n", 1);
    return Number(total.split(/\s+/)[8] ?? 0) * 10;
  } catch {
    return 0;
  }
}
