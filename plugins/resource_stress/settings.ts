/**
 * What stress is told: the plugin's options, and a scenario as a user writes it.
 *
 * @module
 */
import type { Issue, Kit, KitType, Signal } from "../../core/plugin.ts";
import { type Amounts, NOTHING } from "./caps.ts";

/** The options of the plugin, parsed. */
export interface StressOptions {
  /** The share of the memory there is, or that the control group allows, which scenarios may hold together. */
  readonly maxMemory: number;
  /** The share of all cores which scenarios may burn together. */
  readonly maxCpu: number;
  /** Whether one core is left to the event loop. */
  readonly spareCore: boolean;
}

/** Where the options say nothing. */
export const DEFAULTS: StressOptions = {
  maxMemory: 0.5,
  maxCpu: 1,
  spareCore: true,
};

/** Threads that burn CPU, parsed. */
export interface CpuSettings {
  /** The share of a core that each thread takes, 0…1, over time. */
  readonly load: Signal;
  /** How many threads. */
  readonly workers: number;
}

/** What memory does once it has grown to its size. */
export type AtLimit = "hold" | "release" | "restart";

/** Memory that is held, parsed. */
export interface MemorySettings {
  /** Bytes, over time; what growth is limited to. */
  readonly size: Signal;
  /** Bytes a second, over time; undefined for as fast as it goes. */
  readonly growth: Signal | undefined;
  /** What happens once the size is reached by growth. */
  readonly then: AtLimit;
}

/** An event loop that is blocked, parsed. */
export interface EventLoopSettings {
  /** How long, in milliseconds, over time. */
  readonly block: Signal;
  /** From the start of a block to the next, in milliseconds, over time; undefined for one block a request. */
  readonly every: Signal | undefined;
}

/** Garbage, parsed. */
export interface AllocationSettings {
  /** Bytes a second, over time. */
  readonly rate: Signal;
}

/** A scenario, parsed. */
export interface ScenarioSettings {
  /** CPU time. */
  readonly cpu?: CpuSettings | undefined;
  /** Memory. */
  readonly memory?: MemorySettings | undefined;
  /** Blocks of the event loop. */
  readonly eventLoop?: EventLoopSettings | undefined;
  /** Garbage. */
  readonly allocation?: AllocationSettings | undefined;
  /** How long, in milliseconds; Infinity where an owner renews a lease. */
  readonly duration: number;
  /** How long it goes on without its owner renewing the lease, in milliseconds; undefined without an owner. */
  readonly lease: number | undefined;
}

/** The resources, as scenarios and metrics name them. */
export const RESOURCES = ["cpu", "memory", "eventLoop", "allocation"] as const;

/** A resource. */
export type Resource = typeof RESOURCES[number];

/** How long a scenario lasts that says nothing, in milliseconds. */
const DURATION = 60_000;

/** The longest a scenario lasts, in milliseconds: a day. */
const LONGEST = 24 * 3_600_000;

/** The longest lease, in milliseconds. */
const LONGEST_LEASE = 600_000;

/** The longest single block, in milliseconds: control calls wait for its end. */
export const LONGEST_BLOCK = 10_000;

/** More threads than this are no setting but a mistake. */
const MOST_WORKERS = 1024;

/** The schema of the plugin's options. */
export function optionsSchema(kit: Kit): KitType<StressOptions> {
  const above = kit.share().refine((share: number) => share > 0, {
    error: "Must be above 0",
    params: { allowed: "a share, above 0, at most 1" },
  });
  return kit.z.strictObject({
    maxMemory: above.default(DEFAULTS.maxMemory),
    maxCpu: above.default(DEFAULTS.maxCpu),
    spareCore: kit.z.boolean().default(DEFAULTS.spareCore),
  });
}

/** What looks at a scenario as a whole: the faults of asking for so much. */
export type Judge = (asked: Amounts) => readonly Issue[];

/**
 * The schema of a scenario. All faults are found at once: the judge is asked even where other parts are wrong, for what is right.
 *
 * @param kit the types that settings are made of
 * @param judge says what is too much
 */
export function scenarioSchema(
  kit: Kit,
  judge: Judge,
): KitType<ScenarioSettings> {
  const { z, duration, signal, share, size, integer } = kit;
  const rate = signal(byteRate(kit));
  return z.strictObject({
    cpu: z.strictObject({
      load: signal(share()),
      workers: integer({ min: 1, max: MOST_WORKERS }).default(1),
    }).optional(),
    memory: z.strictObject({
      size: signal(size()),
      growth: rate.optional(),
      then: z.enum(["hold", "release", "restart"]).optional(),
    }).optional(),
    eventLoop: z.strictObject({
      block: signal(duration({ max: LONGEST_BLOCK })),
      every: signal(duration({ above: 0 })).optional(),
      perRequest: z.literal(true).optional(),
    }).optional(),
    allocation: z.strictObject({ rate }).optional(),
    duration: duration({ above: 0, max: LONGEST }).optional(),
    lease: duration({ min: 1000, max: LONGEST_LEASE }).optional(),
  }).superRefine((written, context) => {
    for (const { path, message, ...params } of faultsOf(written, judge)) {
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
        (rest.lease === undefined ? DURATION : Infinity),
      lease: rest.lease,
    }));
}

/** A scenario whose parts may be wrong still: what is no signal was reported already. */
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

function faultsOf(written: object, judge: Judge): Issue[] {
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
  return [...issues, ...judge(amountsOf(written))];
}

/** At how many times a signal is looked at for its extremes. */
const LOOKS = 1000;

/** The most that a scenario will ask for of each resource, whatever the time. */
export function amountsOf(written: object): Amounts {
  const { cpu, memory, eventLoop, allocation, duration, lease } =
    written as Written;
  const unsaid = lease === undefined ? DURATION : LONGEST;
  const over = typeof duration === "number"
    ? Math.min(duration, LONGEST)
    : unsaid;
  const most = (value: unknown) => extreme(value, over, Math.max);
  const workers = typeof cpu?.workers === "number" ? cpu.workers : 0;
  const least = extreme(eventLoop?.every, over, Math.min);
  return {
    ...NOTHING,
    threads: workers,
    cores: workers * most(cpu?.load),
    memory: most(memory?.size),
    blocked: least > 0 ? most(eventLoop?.block) / least : 0,
    garbage: most(allocation?.rate),
  };
}

/** The greatest or least value of a signal; 0 for what is no signal. What lies between the looks is cut off as it runs. */
function extreme(
  value: unknown,
  over: number,
  pick: (...values: number[]) => number,
): number {
  if (!isSignal(value)) return 0;
  if (value.constant) return value.at(0);
  const end = Math.min(over, value.end);
  let found = pick(value.at(0), value.at(end));
  for (let i = 1; i < LOOKS; i++) {
    found = pick(found, value.at(i * end / LOOKS));
  }
  return found;
}

function isSignal(value: unknown): value is Signal {
  return typeof value === "object" && value !== null && "integral" in value;
}

/** Bytes a second, such as "16MiB/s". */
const BYTE_RATES = new WeakMap<Kit, KitType<number>>();

/** Made once for a kit, since a signal of it is a large type that the kit makes once for a unit. */
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
