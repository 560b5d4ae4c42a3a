/**
 * Resources that this process uses, under Prometheus' own names for them.
 *
 * @see https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
 * @module
 */
import process from "node:process";
import type { Counter, Gauge, Metrics } from "../plugin.ts";

/** What this process takes; what cannot be read is absent. */
export interface ProcessFigures {
  /** Physical memory, in bytes. */
  readonly residentMemoryBytes?: number;
  /** Used by JavaScript objects of the main thread, in bytes. */
  readonly heapBytes?: number;
  /** Of all threads, since the start of the process. */
  readonly cpuSeconds?: number;
  /** Files, sockets and pipes that are open. */
  readonly openFds?: number;
  /** How many may be. */
  readonly maxFds?: number;
}

/** Reads each figure; undefined where it cannot. */
export type ProcessReaders = {
  readonly [K in keyof ProcessFigures]-?: () => number | undefined;
};

/** Reads all figures there are. */
export function readProcessFigures(
  readers: ProcessReaders = processReaders,
): ProcessFigures {
  return Object.fromEntries(
    Object.entries(readers).flatMap(([name, read]) => {
      const value = read();
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Makes the metrics of the process. They are read when they are asked for; what cannot be read now has no series at all, since
 * a 0 would be taken for a measurement.
 *
 * @param metrics where they are made
 * @param startTime of the process, in seconds since 1970
 * @param readers where the figures come from
 */
export function followProcess(
  metrics: Metrics,
  startTime: number,
  readers: ProcessReaders = processReaders,
): void {
  const follow = (
    read: () => number | undefined,
    series: () => Counter | Gauge,
  ) => {
    const first = read();
    if (first === undefined) return;
    let last = first;
    series().follow(() => last = read() ?? last);
  };
  const gauge = (name: string, help: string) => () =>
    metrics.gauge({ name, help }).series();
  follow(
    () => startTime,
    gauge(
      "process_start_time_seconds",
      "Start time of the process since unix epoch in seconds",
    ),
  );
  follow(readers.cpuSeconds, () =>
    metrics.counter({
      name: "process_cpu_seconds_total",
      help: "Total user and system CPU time spent in seconds",
    }).series());
  follow(
    readers.residentMemoryBytes,
    gauge("process_resident_memory_bytes", "Resident memory size in bytes"),
  );
  follow(
    readers.heapBytes,
    gauge("process_heap_bytes", "Heap in use by the main thread in bytes"),
  );
  follow(
    readers.openFds,
    gauge("process_open_fds", "Number of open file descriptors"),
  );
  follow(
    readers.maxFds,
    gauge("process_max_fds", "Maximum number of open file descriptors"),
  );
}

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
