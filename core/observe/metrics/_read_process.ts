import process from "node:process";

/** What the system says of this process; undefined for what it does not say, as on some systems and without permission. */
export const processReaders = {
  /** Physical memory, in bytes. */
  residentMemoryBytes: (): number | undefined =>
    known(() => Deno.memoryUsage().rss),
  /** Used by JavaScript objects of the main thread, in bytes. */
  heapBytes: (): number | undefined => known(() => Deno.memoryUsage().heapUsed),
  /** By all threads since the start, in user and system time. */
  cpuSeconds: (): number | undefined =>
    known(() => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
  /** Files, sockets and pipes. Linux tells their number as the folder's size since 6.2; to count them would take too long. */
  openFds: (): number | undefined =>
    known(() => Deno.statSync("/proc/self/fd").size),
  /** How many of these there may be. */
  maxFds: (): number | undefined =>
    known(() =>
      Number(
        /^Max open files\s+(\d+)/m.exec(
          Deno.readTextFileSync("/proc/self/limits"),
        )?.[1],
      )
    ),
};

/** Each of these is above 0 where it can be read. */
function known(read: () => number): number | undefined {
  try {
    const value = read();
    return value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}
