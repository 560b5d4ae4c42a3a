/**
 * Settings of a scenario: types, schema, and the amounts it asks for.
 *
 * @module
 */
import type { Issue, Kit, KitType, Signal } from "../../core/plugin.ts";
import { type Amounts, NOTHING } from "./caps.ts";

/** CPU stress, parsed. */
export interface CpuSettings {
  /** Share of a core that each thread takes, 0…1, over time. */
  readonly load: Signal;
  /** Number of threads. */
  readonly workers: number;
}

/** Memory stress, parsed. */
export interface MemorySettings {
  /** Bytes held, over time; the limit of growth. */
  readonly size: Signal;
  /** Growth in bytes per second, over time; undefined for as fast as possible. */
  readonly growth: Signal | undefined;
  /** Behaviour when growth has reached the size. */
  readonly then: "hold" | "release" | "restart";
}

/** Stress of the event loop, parsed. */
export interface EventLoopSettings {
  /** Length of a block, in ms, over time. */
  readonly block: Signal;
  /** Time from the start of a block to the next, in ms, over time; undefined for one block per request. */
  readonly every: Signal | undefined;
}

/** Stress of the garbage collector, parsed. */
export interface AllocationSettings {
  /** Garbage in bytes per second, over time. */
  readonly rate: Signal;
}

/** A scenario, parsed. */
export interface ScenarioSettings {
  /** CPU stress. */
  readonly cpu?: CpuSettings | undefined;
  /** Memory stress. */
  readonly memory?: MemorySettings | undefined;
  /** Stress of the event loop. */
  readonly eventLoop?: EventLoopSettings | undefined;
  /** Stress of the garbage collector. */
  readonly allocation?: AllocationSettings | undefined;
  /** Duration in ms; Infinity by default with a lease. */
  readonly duration: number;
  /** Time after which the scenario ends unless its owner renews the lease, in ms; undefined without a lease. */
  readonly lease: number | undefined;
}

/** Resources by the names that scenarios use. */
export const RESOURCES = ["cpu", "memory", "eventLoop", "allocation"] as const;

/** A resource. */
export type Resource = typeof RESOURCES[number];

/** Default duration of a scenario without a lease, in ms. */
const DEFAULT_DURATION = 60_000;

/** Maximum duration of a scenario, in ms: one day. */
const MAX_DURATION = 24 * 3_600_000;

/** Maximum length of a lease, in ms. */
const MAX_LEASE = 600_000;

/** Maximum length of a single block, in ms: control calls wait for its end. */
export const MAX_BLOCK = 10_000;

/** Maximum number of threads; a larger number is a mistake. */
const MAX_WORKERS = 1024;

/** Issues with the amounts that a scenario asks for. */
export type CapCheck = (asked: Amounts) => readonly Issue[];

/**
 * Schema of a scenario. All issues are found at once: caps are checked even if other settings are wrong, for the amounts that are
 * right.
 *
 * @param kit types that settings are made of
 * @param checkCaps reports amounts above the caps
 */
export function scenarioSchema(
  kit: Kit,
  checkCaps: CapCheck,
): KitType<ScenarioSettings> {
  const { z, duration, signal, share, size, integer, worded } = kit;
  const rate = signal(byteRate(kit));
  return z.strictObject(worded({
    cpu: z.strictObject(worded({
      load: signal(share()),
      workers: integer({ min: 1, max: MAX_WORKERS }).default(1),
    }, {
      load: "Share of a core that each thread takes, over time",
      workers: "Number of threads",
    })).optional(),
    memory: z.strictObject(worded({
      size: signal(size()),
      growth: rate.optional(),
      then: z.enum(["hold", "release", "restart"]).optional(),
    }, {
      size: "Amount of memory that is held, over time; the limit of growth",
      growth:
        "Growth in bytes per second, over time. Default: as fast as possible",
      then:
        "Behaviour when growth has reached the size: it is held, released, or growth begins again. Default hold",
    })).optional(),
    eventLoop: z.strictObject(worded({
      block: signal(duration({ max: MAX_BLOCK })),
      every: signal(duration({ above: 0 })).optional(),
      perRequest: z.literal(true).optional(),
    }, {
      block: "Length of a block, over time",
      every: "Time from the start of a block to the next, over time",
      perRequest: "True for one block per request, in place of every",
    })).optional(),
    allocation: z.strictObject(worded({ rate }, {
      rate: "Garbage in bytes per second, over time",
    })).optional(),
    duration: duration({ above: 0, max: MAX_DURATION }).optional(),
    lease: duration({ min: 1000, max: MAX_LEASE }).optional(),
  }, {
    cpu: "Use of processor time",
    memory: "Use of memory",
    eventLoop: "Blocks of the event loop, during which nothing is answered",
    allocation: "Garbage, which keeps the garbage collector busy",
    duration: "Duration of the scenario. Default 1m; with a lease, no limit",
    lease:
      "Time after which the scenario ends unless its owner renews the lease. Default: no lease",
  })).superRefine((written, context) => {
    for (const { path, message, ...params } of issuesOf(written, checkCaps)) {
      context.addIssue({
        code: "custom",
        path: path.split("/").slice(1),
        message,
        params,
      });
    }
  }, { when: ({ value }) => typeof value === "object" && value !== null })
    .transform(({ cpu, memory, eventLoop, allocation, ...rest }) => ({
      cpu,
      memory: memory && {
        size: memory.size,
        growth: memory.growth,
        then: memory.then ?? "hold",
      },
      eventLoop: eventLoop &&
        { block: eventLoop.block, every: eventLoop.every },
      allocation,
      duration: rest.duration ??
        (rest.lease === undefined ? DEFAULT_DURATION : Infinity),
      lease: rest.lease,
    }));
}

/** A scenario whose values may still be wrong; the schema reports wrong types. */
interface Written {
  readonly cpu?: { readonly load: unknown; readonly workers: unknown };
  readonly memory?: {
    readonly size: unknown;
    readonly growth?: unknown;
    readonly then?: unknown;
  };
  readonly eventLoop?: {
    readonly block: unknown;
    readonly every?: unknown;
    readonly perRequest?: unknown;
  };
  readonly allocation?: { readonly rate: unknown };
  readonly duration?: unknown;
  readonly lease?: unknown;
}

/** Issues that concern more than one value. */
function issuesOf(written: object, checkCaps: CapCheck): Issue[] {
  const { eventLoop, memory } = written as Written;
  const issues: Issue[] = [];
  if (!RESOURCES.some((name) => name in written)) {
    issues.push({
      path: "",
      message: "A scenario without a resource stresses nothing",
      allowed: `one or more of ${RESOURCES.join(", ")}`,
    });
  }
  if (memory?.then !== undefined && memory.growth === undefined) {
    issues.push({
      path: "/memory/then",
      message: "Without growth, the size is no limit that is reached",
      allowed: "then together with growth",
    });
  }
  if (
    typeof eventLoop === "object" && eventLoop !== null &&
    (eventLoop.every === undefined) === (eventLoop.perRequest === undefined)
  ) {
    issues.push({
      path: "/eventLoop",
      message: eventLoop.every === undefined
        ? "Nothing says when the event loop is blocked"
        : "The event loop cannot be blocked both by the clock and by requests",
      allowed: "block with every, or block with perRequest: true",
    });
  }
  return [...issues, ...checkCaps(amountsOf(written))];
}

/** Number of times at which a signal is sampled for its extremes. */
const SAMPLES = 1000;

/** Maximum amounts that a scenario asks for over its duration. */
export function amountsOf(written: object): Amounts {
  const { cpu, memory, eventLoop, allocation, duration, lease } =
    written as Written;
  const fallback = lease === undefined ? DEFAULT_DURATION : MAX_DURATION;
  const over = typeof duration === "number"
    ? Math.min(duration, MAX_DURATION)
    : fallback;
  const greatest = (value: unknown) => extreme(value, over, Math.max);
  const workers = typeof cpu?.workers === "number" ? cpu.workers : 0;
  const least = extreme(eventLoop?.every, over, Math.min);
  return {
    ...NOTHING,
    threads: workers,
    cores: workers * greatest(cpu?.load),
    memory: greatest(memory?.size),
    blocked: least > 0 ? greatest(eventLoop?.block) / least : 0,
    garbage: greatest(allocation?.rate),
  };
}

/** Extreme of a signal's samples, 0 for a value that is no signal. Peaks between samples are cut off while the scenario runs. */
function extreme(
  value: unknown,
  over: number,
  pick: (...values: number[]) => number,
): number {
  if (!isSignal(value)) return 0;
  if (value.constant) return value.at(0);
  const end = Math.min(over, value.end);
  let found = pick(value.at(0), value.at(end));
  for (let i = 1; i < SAMPLES; i++) {
    found = pick(found, value.at(i * end / SAMPLES));
  }
  return found;
}

function isSignal(value: unknown): value is Signal {
  return typeof value === "object" && value !== null && "integral" in value;
}

const BYTE_RATES = new WeakMap<Kit, KitType<number>>();

/** Type of a rate such as "16MiB/s"; made once per kit, since the kit makes the large type of its signal once per unit. */
function byteRate(kit: Kit): KitType<number> {
  let type = BYTE_RATES.get(kit);
  if (type === undefined) BYTE_RATES.set(kit, type = makeByteRate(kit));
  return type;
}

function makeByteRate(kit: Kit): KitType<number> {
  const allowed =
    'a rate of bytes such as "16MiB/s" or 16777216 (bytes a second)';
  const type = kit.z.unknown().meta({
    type: ["string", "number"],
    description: allowed,
    examples: ["16MiB/s", 16_777_216],
  }).transform((value, context) => {
    const [, text] = typeof value === "string"
      ? /^(.*\S)\s*\/\s*s\s*$/u.exec(value) ?? []
      : [undefined, value];
    const read = kit.size().safeParse(text);
    if (read.success) return read.data;
    context.issues.push({
      code: "custom",
      message: `Cannot read ${JSON.stringify(value)} as a rate of bytes`,
      input: value,
      params: { allowed },
    });
    return kit.z.NEVER;
  });
  // zod's type of a pipe and the contract's alias of it are the same at run time.
  return type as unknown as KitType<number>;
}
