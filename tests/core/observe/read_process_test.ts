// Runs alone, without the profiler: counts open files of the process.
import { deepEqual, equal, ok } from "node:assert/strict";
import { MetricRegistry } from "../../../core/observe/metric_registry.ts";
import {
  followProcess,
  type ProcessReaders,
  readProcessFigures,
} from "../../../core/observe/read_process.ts";

const READABLE: ProcessReaders = {
  residentMemoryBytes: () => 50_000_000,
  heapBytes: () => 10_000_000,
  cpuSeconds: () => 1.5,
  openFds: () => 20,
  maxFds: () => 1024,
};

const UNREADABLE: ProcessReaders = {
  residentMemoryBytes: () => undefined,
  heapBytes: () => undefined,
  cpuSeconds: () => undefined,
  openFds: () => undefined,
  maxFds: () => undefined,
};

/** Values of all series of the process. */
function samples(metrics: MetricRegistry): Record<string, number> {
  const found: Record<string, number> = {};
  for (const metric of metrics.all()) {
    const { name } = metric.definition;
    if (!name.startsWith("process_")) continue;
    for (const [, series] of metric.entries()) {
      ok("value" in series);
      found[name] = series.value;
    }
  }
  return found;
}

Deno.test("followProcess() makes metrics of all readable values under Prometheus' names, and reads them each time", () => {
  const metrics = new MetricRegistry();
  let cpuSeconds = 1.5;
  followProcess(metrics, 1_700_000_000, {
    ...READABLE,
    cpuSeconds: () => cpuSeconds,
  });
  cpuSeconds = 2;
  deepEqual(samples(metrics), {
    process_start_time_seconds: 1_700_000_000,
    process_cpu_seconds_total: 2,
    process_resident_memory_bytes: 50_000_000,
    process_heap_bytes: 10_000_000,
    process_open_fds: 20,
    process_max_fds: 1024,
  });
});

Deno.test("followProcess() makes no series for a value that cannot be read, not even a 0", () => {
  const metrics = new MetricRegistry();
  followProcess(metrics, 1_700_000_000, UNREADABLE);
  deepEqual(samples(metrics), { process_start_time_seconds: 1_700_000_000 });
  deepEqual(readProcessFigures(UNREADABLE), {});
});

Deno.test("followProcess() keeps the last value if reading begins to fail", () => {
  const metrics = new MetricRegistry();
  let openFds: number | undefined = 20;
  followProcess(metrics, 1, { ...UNREADABLE, openFds: () => openFds });
  equal(samples(metrics).process_open_fds, 20);
  openFds = 25;
  equal(samples(metrics).process_open_fds, 25);
  openFds = undefined;
  equal(samples(metrics).process_open_fds, 25);
});

Deno.test("readProcessFigures() of this process are plausible", () => {
  const figures = readProcessFigures();
  ok((figures.residentMemoryBytes ?? 2e7) > 1e7);
  ok((figures.heapBytes ?? 2e6) > 1e6);
  ok((figures.cpuSeconds ?? 1) > 0);
  ok((figures.openFds ?? 3) >= 3);
  ok((figures.maxFds ?? 64) >= 64);
  const { cpuSeconds = 0 } = figures;
  let sum = 0;
  for (let i = 0; i < 3e7; i++) sum += Math.sqrt(i);
  ok(sum > 0);
  ok((readProcessFigures().cpuSeconds ?? 1) > cpuSeconds);
});

Deno.test("readProcessFigures() counts open files where the system provides their number", async () => {
  const before = readProcessFigures().openFds;
  const files = await Promise.all(
    Array.from({ length: 200 }, () => Deno.open("mod.ts")),
  );
  try {
    const after = readProcessFigures().openFds;
    equal(after === undefined, before === undefined);
    // Other activity in this process opens and closes files, too.
    const opened = (after ?? 200) - (before ?? 0);
    ok(opened > 100 && opened < 300, `${opened}`);
  } finally {
    for (const file of files) file.close();
  }
});

Deno.test({
  name:
    "readProcessFigures() leaves out what needs a permission that is not there",
  permissions: { read: false, sys: false },
  fn() {
    const { openFds, maxFds } = readProcessFigures();
    deepEqual([openFds, maxFds], [undefined, undefined]);
  },
});
