/**
 * How much may be taken, and what of it is taken: beyond that, nothing starts.
 *
 * @module
 */
import type { Issue } from "../../core/plugin.ts";
import type { Machine } from "./read_machine.ts";
import type { StressOptions } from "./settings.ts";

/** The share of the event loop's time that blocks by the clock may take: control calls need the rest to get through. */
const MOST_BLOCKED = 0.9;

/** The most garbage, in bytes a second: producing it is work of the event loop. */
const MOST_GARBAGE = 512 * 2 ** 20;

/** The cap on memory where nothing is known of the machine, in bytes. */
const UNKNOWN_MEMORY = 256 * 2 ** 20;

/** How much may be taken of each resource, or was asked for. */
export interface Amounts {
  /** Threads that burn CPU. */
  readonly threads: number;
  /** Cores' worth of CPU time: the sum of the threads' shares. */
  readonly cores: number;
  /** Bytes held. */
  readonly memory: number;
  /** The share of the event loop's time that blocks by the clock take. */
  readonly blocked: number;
  /** Bytes of garbage a second. */
  readonly garbage: number;
}

/** What is taken where nothing is. */
export const NOTHING: Amounts = {
  threads: 0,
  cores: 0,
  memory: 0,
  blocked: 0,
  garbage: 0,
};

/** The caps of a machine under some options. */
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
    blocked: MOST_BLOCKED,
    garbage: MOST_GARBAGE,
  };
}

/** The sum of amounts. */
export function sum(amounts: Iterable<Amounts>): Amounts {
  const total = { ...NOTHING };
  for (const one of amounts) {
    for (const key of Object.keys(total) as (keyof Amounts)[]) {
      total[key] += one[key];
    }
  }
  return total;
}

/** What a fault in an amount says. */
const WORDS: Readonly<
  Record<keyof Amounts, {
    /** The setting that asks for it, as a JSON Pointer. */
    readonly path: string;
    /** The amount in words. */
    readonly say: (amount: number) => string;
    /** What is capped. */
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

/** Rounding in sums of shares must not refuse what fits exactly. */
const TOLERANCE = 1e-9;

/** The faults of asking for so much where so much is taken already. */
export function excess(
  asked: Amounts,
  taken: Amounts,
  caps: Amounts,
): Issue[] {
  return (Object.keys(WORDS) as (keyof Amounts)[]).flatMap((key) => {
    if (asked[key] === 0) return [];
    const free = caps[key] - taken[key];
    if (asked[key] <= free * (1 + TOLERANCE) + TOLERANCE) return [];
    const { path, say, of } = WORDS[key];
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

/** Bytes in MiB, as a text. */
export function mebibytes(bytes: number): string {
  return `${round(bytes / 2 ** 20)} MiB`;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
