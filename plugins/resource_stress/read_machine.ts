/**
 * What there is to take: cores, memory, and what a container allows of it. Reads only what it may, never asks.
 *
 * @module
 */

/** The machine, as far as it can be known. */
export interface Machine {
  /** How many cores this process may use; the runtime counts the container's quota and the affinity in. */
  readonly cores: number;
  /** The machine's memory, in bytes; undefined where it cannot be known. */
  readonly memory: number | undefined;
  /** The least limit of the control groups this process is in, in bytes; Infinity without one, undefined where it cannot be known. */
  readonly groupLimit: number | undefined;
  /** Whether a thread can read how long it ran and waited, to the nanosecond, from /proc/thread-self/schedstat. */
  readonly threadTimes: boolean;
  /** Which figures cannot be known and what that means, one sentence each. */
  readonly unknown: readonly string[];
}

/** A limit above this is none: control groups of version 1 say 2^63 rounded down to a page. */
const NO_LIMIT = 2 ** 60;

/** Looks at the machine; cheap enough for every revision. */
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

/** The memory that can be had without swapping, in bytes; undefined where it cannot be known. */
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

/** The least limit on the way from this process's group to the root, in either version of control groups. */
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
    // "max" is no limit, and so is a file that is not there: a container sees its own group as the root.
    const limit = Number.parseInt(text ?? "", 10);
    if (limit > 0) limits.push(limit);
  }
  const own = Number.parseInt(readText(`${root}/${file}`) ?? "", 10);
  return own > 0 ? [...limits, own] : limits;
}

/** A file's text; undefined where it is not there or may not be read. Never asks for a permission. */
function readText(path: string): string | undefined {
  try {
    const { state } = Deno.permissions.querySync({ name: "read", path });
    return state === "granted" ? Deno.readTextFileSync(path) : undefined;
  } catch {
    return undefined;
  }
}
