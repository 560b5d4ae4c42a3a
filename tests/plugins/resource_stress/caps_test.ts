import { deepEqual, equal } from "node:assert/strict";
import {
  type Amounts,
  capsOf,
  DEFAULTS,
  excess,
  NOTHING,
  optionsSchema,
  sum,
} from "../../../plugins/resource_stress/caps.ts";
import type { Machine } from "../../../plugins/resource_stress/read_machine.ts";
import { KIT } from "./_signals.ts";

const GIB = 2 ** 30;

const MACHINE: Machine = {
  cores: 8,
  memory: 16 * GIB,
  groupLimit: Infinity,
  threadTimes: true,
  unknown: [],
};

const CAPS: Amounts = {
  threads: 7,
  cores: 4,
  memory: 8 * GIB,
  blocked: 0.9,
  garbage: GIB,
};

Deno.test("capsOf() leaves one core to the event loop, and half of the memory", () => {
  const { threads, cores, memory } = capsOf(MACHINE, DEFAULTS);
  deepEqual([threads, cores, memory], [7, 7, 8 * GIB]);
});

Deno.test("capsOf() allows all cores without spareCore", () => {
  const { threads, cores } = capsOf(MACHINE, { ...DEFAULTS, spareCore: false });
  deepEqual([threads, cores], [8, 8]);
});

Deno.test("capsOf() applies maxCpu", () => {
  const { threads, cores } = capsOf(MACHINE, { ...DEFAULTS, maxCpu: 0.25 });
  deepEqual([threads, cores], [7, 2]);
});

Deno.test("capsOf() allows no core on a machine with one, except without spareCore", () => {
  const single = { ...MACHINE, cores: 1 };
  equal(capsOf(single, DEFAULTS).threads, 0);
  equal(capsOf(single, { ...DEFAULTS, spareCore: false }).threads, 1);
});

Deno.test("capsOf() applies maxMemory to the control group's limit if that is lower", () => {
  const contained = { ...MACHINE, groupLimit: GIB };
  equal(capsOf(contained, { ...DEFAULTS, maxMemory: 0.25 }).memory, GIB / 4);
});

Deno.test("capsOf() caps memory at 256 MiB if the machine's memory is unknown", () => {
  const unknown = { ...MACHINE, memory: undefined, groupLimit: undefined };
  equal(capsOf(unknown, DEFAULTS).memory, GIB / 4);
  equal(capsOf({ ...unknown, groupLimit: GIB }, DEFAULTS).memory, GIB / 2);
});

Deno.test("excess() accepts an exact fit, apart from rounding in sums of shares", () => {
  const shares = { ...NOTHING, threads: 3, cores: 0.1 + 0.2 };
  deepEqual(excess(shares, NOTHING, { ...CAPS, cores: 0.3 }), []);
});

Deno.test("excess() reports every amount above its cap", () => {
  const asked = {
    threads: 9,
    cores: 8.1,
    memory: 9 * GIB,
    blocked: 1.5,
    garbage: 2 * GIB,
  };
  deepEqual(excess(asked, NOTHING, CAPS), [
    {
      path: "/cpu/workers",
      message: "Cannot take 9 workers: the cap on workers is 7 workers",
      allowed: "at most 7 workers",
    },
    {
      path: "/cpu/load",
      message:
        "Cannot take 8.1 cores' worth of load: the cap on load times workers is 4 cores' worth of load",
      allowed: "at most 4 cores' worth of load",
    },
    {
      path: "/memory/size",
      message: "Cannot take 9216 MiB: the cap on memory is 8192 MiB",
      allowed: "at most 8192 MiB",
    },
    {
      path: "/eventLoop/block",
      message:
        "Cannot take 150 % of the event loop's time: the cap on block over every is 90 % of the event loop's time",
      allowed: "at most 90 % of the event loop's time",
    },
    {
      path: "/allocation/rate",
      message: "Cannot take 2048 MiB/s: the cap on allocation is 1024 MiB/s",
      allowed: "at most 1024 MiB/s",
    },
  ]);
});

Deno.test("excess() takes running scenarios into account, and names their amount", () => {
  const taken = { ...NOTHING, memory: 6 * GIB };
  deepEqual(excess({ ...NOTHING, memory: 3 * GIB }, taken, CAPS), [{
    path: "/memory/size",
    message:
      "Cannot take 3072 MiB: the cap on memory is 8192 MiB, of which running scenarios take 6144 MiB",
    allowed: "at most 2048 MiB",
  }]);
  deepEqual(excess({ ...NOTHING, memory: 2 * GIB }, taken, CAPS), []);
});

Deno.test("excess() reports no resource that is not asked for, even if its cap has fallen below the amount taken", () => {
  const taken = { ...NOTHING, memory: 9 * GIB };
  deepEqual(excess({ ...NOTHING, threads: 1, cores: 1 }, taken, CAPS), []);
  equal(
    excess({ ...NOTHING, memory: 1 }, taken, CAPS)[0].allowed,
    "at most 0 MiB",
  );
});

Deno.test("sum() adds each amount", () => {
  deepEqual(sum([CAPS, NOTHING, CAPS]), {
    threads: 14,
    cores: 8,
    memory: 16 * GIB,
    blocked: 1.8,
    garbage: 2 * GIB,
  });
});

Deno.test("excess() writes one core and one worker in the singular", () => {
  const asked = { ...NOTHING, threads: 2, cores: 2 };
  const caps = { ...CAPS, threads: 1, cores: 1 };
  deepEqual(excess(asked, NOTHING, caps).map(({ allowed }) => allowed), [
    "at most 1 worker",
    "at most 1 core's worth of load",
  ]);
});

Deno.test("Options have defaults and limits", () => {
  deepEqual(optionsSchema(KIT).parse({}), DEFAULTS);
  const { error } = optionsSchema(KIT).safeParse({
    maxMemory: 0,
    maxCpu: 1.1,
    spareCore: "yes",
  });
  deepEqual(error?.issues.map(({ path }) => path.join("/")), [
    "maxMemory",
    "maxCpu",
    "spareCore",
  ]);
});
