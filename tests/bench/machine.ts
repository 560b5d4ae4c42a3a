/**
 * The machine the figures were measured on.
 *
 * @module
 */

/** What of a machine moves the figures. */
export interface Machine {
  /** Logical processors that this process may use. */
  readonly cores: number;
  /** The processor's name, or "unknown" where the system does not tell. */
  readonly processor: string;
  /** Operating system and its release. */
  readonly system: string;
  /** Deno's version. */
  readonly deno: string;
  /** How many processes wanted to run during the last minute, on average: what they did is in the figures as noise. */
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
 * The processor time a process has used so far, all its threads together.
 *
 * @param pid the process
 * @returns milliseconds; NaN where the system does not tell
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
 * How long others on the same hardware have kept this machine's processors from running, all of them together, since it
 * started.
 *
 * @returns milliseconds, in steps of 10; 0 where the system does not tell
 */
export function stolenTime(): number {
  try {
    const [total] = Deno.readTextFileSync("/proc/stat").split("\n", 1);
    return Number(total.split(/\s+/)[8] ?? 0) * 10;
  } catch {
    return 0;
  }
}
