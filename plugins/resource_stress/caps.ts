/**
 * Caps on stress: the options that set them, the amounts that scenarios ask for, and the issues with asking for too much.
 *
 * @module
 */
import type { Issue, Kit, KitType } from "../../core/plugin.ts";
import type { Machine } from "./read_machine.ts";

/** Options of the plugin, parsed. */
export interface StressOptions {
  /** Share of the machine's memory, or of the control group's limit, that scenarios may hold together. Default 0.5. */
  readonly maxMemory: number;
  /** Share of all cores that scenarios may use together. Default 1. */
  readonly maxCpu: number;
  /** True to leave one core to the event loop. Default true. */
  readonly spareCore: boolean;
}

/** Options by default. */
export const DEFAULTS: StressOptions = {
  maxMemory: 0.5,
  maxCpu: 1,
  spareCore: true,
};

/** Schema of the plugin's options. */
export function optionsSchema(kit: Kit): KitType<StressOptions> {
  const above = kit.share().refine((share: number) => share > 0, {
    error: "Must be above 0",
    params: { allowed: "a share, above 0, at most 1" },
  });
  return kit.z.strictObject(kit.worded({
    maxMemory: above.default(DEFAULTS.maxMemory),
    maxCpu: above.default(DEFAULTS.maxCpu),
    spareCore: kit.z.boolean().default(DEFAULTS.spareCore),
  }, {
    maxMemory:
      "Share of the machine's memory, or of the control group's limit, that scenarios may hold together",
    maxCpu: "Share of all cores that scenarios may use together",
    spareCore: "True to leave one core to the event loop",
  }));
}

/** Maximum share of the event loop's time that blocks by the clock take: control calls need the rest. */
const MAX_BLOCKED = 0.9;

/** Maximum rate of garbage, in bytes per second: making it is work of the event loop. */
const MAX_GARBAGE = 512 * 2 ** 20;

/** Cap on memory if the machine's memory is unknown, in bytes. */
const UNKNOWN_MEMORY = 256 * 2 ** 20;

/** Amounts of all resources, asked for, taken, or allowed. */
export interface Amounts {
  /** Number of threads that burn CPU. */
  readonly threads: number;
  /** Sum of the threads' loads, in cores. */
  readonly cores: number;
  /** Bytes held. */
  readonly memory: number;
  /** Share of the event loop's time that blocks by the clock take. */
  readonly blocked: number;
  /** Garbage, in bytes per second. */
  readonly garbage: number;
}

/** Amounts of 0. */
export const NOTHING: Amounts = {
  threads: 0,
  cores: 0,
  memory: 0,
  blocked: 0,
  garbage: 0,
};

/** Caps on a machine under the plugin's options. */
export function capsOf(machine: Machine, options: StressOptions): Amounts {
  const { cores, memory, groupLimit } = machine;
  const all = Math.min(memory ?? Infinity, groupLimit ?? Infinity);
  const threads = options.spareCore ? cores - 1 : cores;
  return {
    threads,
    cores: Math.min(options.maxCpu * cores, threads),
    memory: all === Infinity
      ? UNKNOWN_MEMORY
      : Math.floor(options.maxMemory * all),
    blocked: MAX_BLOCKED,
    garbage: MAX_GARBAGE,
  };
}

/** Sum of amounts. */
export function sum(amounts: Iterable<Amounts>): Amounts {
  const total = { ...NOTHING };
  for (const one of amounts) {
    for (const key of Object.keys(total) as (keyof Amounts)[]) {
      total[key] += one[key];
    }
  }
  return total;
}

/** Texts of the issue with an amount. */
const TEXTS: Readonly<
  Record<keyof Amounts, {
    /** Setting that asks for the amount, as a JSON Pointer. */
    readonly path: string;
    /** Text of an amount. */
    readonly say: (amount: number) => string;
    /** Name of the capped quantity. */
    readonly of: string;
  }>
> = {
  threads: {
    path: "/cpu/workers",
    say: (n) => `${n} ${n === 1 ? "worker" : "workers"}`,
    of: "workers",
  },
  cores: {
    path: "/cpu/load",
    say: (n) => `${round(n)} ${n === 1 ? "core's" : "cores'"} worth of load`,
    of: "load times workers",
  },
  memory: { path: "/memory/size", say: mebibytes, of: "memory" },
  blocked: {
    path: "/eventLoop/block",
    say: (n) => `${round(100 * n)} % of the event loop's time`,
    of: "block over every",
  },
  garbage: {
    path: "/allocation/rate",
    say: (n) => `${mebibytes(n)}/s`,
    of: "allocation",
  },
};

/** Relative tolerance of a cap: rounding in sums of shares must not refuse an exact fit. */
const TOLERANCE = 1e-9;

/** Issues with asking for amounts when others are taken already. */
export function excess(
  asked: Amounts,
  taken: Amounts,
  caps: Amounts,
): Issue[] {
  return (Object.keys(TEXTS) as (keyof Amounts)[]).flatMap((key) => {
    if (asked[key] === 0) return [];
    const free = caps[key] - taken[key];
    if (asked[key] <= free * (1 + TOLERANCE) + TOLERANCE) return [];
    const { path, say, of } = TEXTS[key];
    const others = taken[key] > 0
      ? `, of which running scenarios take ${say(taken[key])}`
      : "";
    return [{
      path,
      message: `Cannot take ${say(asked[key])}: the cap on ${of} is ${
        say(caps[key])
      }${others}`,
      allowed: `at most ${say(Math.max(0, free))}`,
    }];
  });
}

/** Text of a number of bytes, in MiB. */
export function mebibytes(bytes: number): string {
  return `${round(bytes / 2 ** 20)} MiB`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
