/**
 * Resources that this process uses, as figures and as metrics under Prometheus' own names.
 *
 * @see https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
 * @module
 */
import process from "node:process";
import type { Counter, Gauge, Metrics } from "../plugin.ts";

/** Resources that this process uses. Values that cannot be read are absent, as on some systems or without permission. */
export interface ProcessFigures {
  /** Physical memory, in bytes. */
  readonly residentMemoryBytes?: number;
  /** Memory of the JavaScript objects of the main thread, in bytes. */
  readonly heapBytes?: number;
  /** User and system time of all threads since the start of the process, in seconds. */
  readonly cpuSeconds?: number;
  /** Number of open files, sockets and pipes. */
  readonly openFds?: number;
  /** Maximum number of open files, sockets and pipes. */
  readonly maxFds?: number;
}

/** Functions that read each figure; undefined if it cannot be read. */
export type ProcessReaders = {
  readonly [K in keyof ProcessFigures]-?: () => number | undefined;
};

const READERS: ProcessReaders = {
  residentMemoryBytes: () => positive(() => Deno.memoryUsage().rss),
  heapBytes: () => positive(() => Deno.memoryUsage().heapUsed),
  cpuSeconds: () =>
    positive(() => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
  // Since Linux 6.2 the size of this folder is the number of its files; counting them would take too long.
  openFds: () => positive(() => Deno.statSync("/proc/self/fd").size),
  maxFds: () =>
    positive(() =>
      Number(
        /^Max open files\s+(\d+)/m.exec(
          Deno.readTextFileSync("/proc/self/limits"),
        )?.[1],
      )
    ),
};

/** The value; undefined where it is not above 0, as each of these figures is, or cannot be read. */
function positive(read: () => number): number | undefined {
  try {
    const value = read();
    return value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Number of open descriptors of this process; undefined if it cannot be read. */
export function readOpenDescriptors(): number | undefined {
  return READERS.openFds();
}

/** Number of descriptors that this process may open; undefined if it cannot be read. */
export function readMaxDescriptors(): number | undefined {
  return READERS.maxFds();
}

/** Reads all figures that can be read. */
export function readProcessFigures(
  readers: ProcessReaders = READERS,
): ProcessFigures {
  return Object.fromEntries(
    Object.entries(readers).flatMap(([name, read]) => {
      const value = read();
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/**
 * Makes the metrics of the process. Their values are read whenever they are asked for. A value that cannot be read at the first
 * attempt has no series, since a 0 would be taken for a measurement.
 *
 * @param metrics registry to make them in
 * @param startTime of the process, in seconds since 1970
 * @param readers of the figures; by default those of this process
 */
export function followProcess(
  metrics: Metrics,
  startTime: number,
  readers: ProcessReaders = READERS,
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
  const gauge =
    (name: string, help: string, merge: "sum" | "min" = "sum") => () =>
      metrics.gauge({ name, help, merge }).series();
  follow(
    () => startTime,
    gauge(
      "process_start_time_seconds",
      "Start time of the process since unix epoch in seconds",
      "min",
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
