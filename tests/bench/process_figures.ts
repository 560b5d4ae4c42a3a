/**
 * Figures that Linux keeps about a process: processor time, resident memory, open descriptors.
 *
 * @module
 */

/** Clock ticks per second in /proc: the same on every architecture that Deno runs on. */
const TICKS = 100;

/** Number of the fields before `utime` that follow the name of the process in /proc/PID/stat. */
const BEFORE_UTIME = 11;

/**
 * Returns the processor time that a process has used so far, in user and system mode and over all threads, ended threads included.
 *
 * @param pid id of the process
 * @returns milliseconds, in steps of 10; NaN if the process does not exist or the system has no /proc
 */
export function usedTime(pid: number): number {
  return read(`/proc/${pid}/stat`, readUsedTime);
}

/** Reads the processor time, in ms, from the text of /proc/PID/stat. */
export function readUsedTime(stat: string): number {
  // The name of the process is in parentheses and may contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = fields.slice(BEFORE_UTIME);
  return (Number(user) + Number(system)) * 1000 / TICKS;
}

/**
 * Returns the ids of a process and of the processes that it has started and that run.
 *
 * @param pid id of the process
 */
export function familyOf(pid: number): number[] {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`);
    return [pid, ...text.split(" ").filter((id) => id !== "").map(Number)];
  } catch {
    return [pid];
  }
}

/**
 * Returns the resident memory of a process. Memory that the kernel keeps for sockets does not count.
 *
 * @param pid id of the process
 * @returns bytes; NaN if the process does not exist or the system has no /proc
 */
export function residentBytes(pid: number): number {
  return read(`/proc/${pid}/status`, readResidentBytes);
}

/** Reads the resident memory, in bytes, from the text of /proc/PID/status. */
export function readResidentBytes(status: string): number {
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1] ?? NaN) * 1024;
}

/**
 * Returns the number of open descriptors of a process.
 *
 * @param pid id of the process
 * @returns the number; NaN if the process does not exist or the system has no /proc
 */
export function openDescriptors(pid: number): number {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
  } catch {
    return NaN;
  }
}

/** Returns the maximum number of descriptors that this process and its children may open; Infinity if it cannot be read. */
export function descriptorLimit(): number {
  const limit = read("/proc/self/limits", readDescriptorLimit);
  return Number.isNaN(limit) ? Infinity : limit;
}

/** Reads the soft limit of open files from the text of /proc/PID/limits. */
export function readDescriptorLimit(limits: string): number {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  return soft === "unlimited" ? Infinity : Number(soft ?? NaN);
}

function read(file: string, figure: (text: string) => number): number {
  try {
    return figure(Deno.readTextFileSync(file));
  } catch {
    return NaN;
  }
}
