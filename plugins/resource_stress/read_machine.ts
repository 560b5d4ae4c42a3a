/**
 * The machine that stress runs on: cores, memory, and the limits of its container. Reads only what permissions allow, and never
 * prompts for one.
 *
 * @module
 */

/** Figures of the machine, as far as they are known. */
export interface Machine {
  /** Number of cores that this process may use; the runtime takes the container's quota and the affinity into account. */
  readonly cores: number;
  /** Memory of the machine, in bytes; undefined if unknown. */
  readonly memory: number | undefined;
  /** Lowest memory limit of the control groups of this process, in bytes; Infinity without a limit, undefined if unknown. */
  readonly groupLimit: number | undefined;
  /** True if a thread can read its run and wait times, to the nanosecond, from /proc/thread-self/schedstat. */
  readonly threadTimes: boolean;
  /** Figures that are unknown and the consequences, one sentence each. */
  readonly unknown: readonly string[];
}

/** A higher limit is no limit: control groups of version 1 report 2^63 rounded down to a page. */
const NO_LIMIT = 2 ** 60;

/** Reads the figures of the machine; cheap enough for every revision. */
export function readMachine(): Machine {
  const memory = systemMemory()?.total;
  const groupLimit = readGroupLimit();
  const threadTimes = readText("/proc/thread-self/schedstat") !== undefined;
  return {
    cores: navigator.hardwareConcurrency,
    memory,
    groupLimit,
    threadTimes,
    unknown: [
      ...(memory === undefined
        ? [
          "The machine's memory is unknown (needs --allow-sys): the cap is a fixed one",
        ]
        : []),
      ...(groupLimit === undefined
        ? [
          "The control group's memory limit is unknown (needs --allow-all, on Linux): the cap leaves it out",
        ]
        : []),
      ...(threadTimes ? [] : [
        "How long threads wait for a core is unknown (needs --allow-all, on Linux): their CPU time is read in steps of some milliseconds",
      ]),
    ],
  };
}

/** Memory that is available without swapping, in bytes; undefined if unknown. */
export function readAvailableMemory(): number | undefined {
  return systemMemory()?.available;
}

function systemMemory(): Deno.SystemMemoryInfo | undefined {
  try {
    const { state } = Deno.permissions.querySync({
      name: "sys",
      kind: "systemMemoryInfo",
    });
    return state === "granted" ? Deno.systemMemoryInfo() : undefined;
  } catch {
    return undefined;
  }
}

/** Lowest limit from this process's group up to the root, in either version of control groups. */
function readGroupLimit(): number | undefined {
  const groups = readText("/proc/self/cgroup");
  if (groups === undefined) return undefined;
  const limits = groups.split("\n").flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === "") {
      return limitsUp("/sys/fs/cgroup", path, "memory.max");
    }
    return controllers?.split(",").includes("memory")
      ? limitsUp("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes")
      : [];
  });
  const least = Math.min(...limits);
  return least > NO_LIMIT ? Infinity : least;
}

function limitsUp(root: string, path: string, file: string): number[] {
  const limits: number[] = [];
  for (let at = path; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) {
    const text = readText(`${root}${at === "/" ? "" : at}/${file}`);
    // "max" is no limit, and neither is a missing file: a container sees its own group as the root.
    const limit = Number.parseInt(text ?? "", 10);
    if (limit > 0) limits.push(limit);
  }
  const own = Number.parseInt(readText(`${root}/${file}`) ?? "", 10);
  return own > 0 ? [...limits, own] : limits;
}

/** Text of a file; undefined if it does not exist or may not be read. Never prompts for a permission. */
function readText(path: string): string | undefined {
  try {
    const { state } = Deno.permissions.querySync({ name: "read", path });
    return state === "granted" ? Deno.readTextFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
