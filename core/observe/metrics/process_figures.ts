/**
 * What this process takes of the machine, under Prometheus' own names for it.
 *
 * @see https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
 * @module
 */
import type { Counter, Gauge, Metrics } from "../../plugin.ts";
import { processReaders } from "./_read_process.ts";

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
