/**
 * The settings of each executor.
 *
 * @module
 */
import type { z as zod } from "zod";
import type {
  Distribution,
  Kit,
  Schema,
  Signal,
} from "../../../core/plugin.ts";
import { TRACE_FORMATS, type TraceFormat } from "./_read_trace.ts";

/** How long what is under way at a scenario's end may go on where nothing is said, in ms. */
const GRACEFUL_STOP = 30_000;

/** How many may be under way where nothing is said. */
const MAX_IN_FLIGHT = 1000;

/** The most users of a scenario. */
const MOST_USERS = 100_000;

/** What all scenarios have that send requests. */
export interface WrittenTraffic {
  /** In ms. */
  readonly start: number;
  /** In ms. */
  readonly gracefulStop: number;
  /** How requests follow one another. */
  readonly pick: "weighted" | "in-order";
  /** As written. */
  readonly requests?: readonly unknown[];
}

/** Settings of arrival-rate. */
export interface WrittenArrivals extends WrittenTraffic {
  /** Evenly or at random. */
  readonly arrivals: "uniform" | "poisson";
  /** Per second. */
  readonly rate: Signal;
  /** In ms. */
  readonly duration: number;
  /** The most under way. */
  readonly maxInFlight: number;
}

/** Settings of virtual-users. */
export interface WrittenUsers extends WrittenTraffic {
  /** How many, over time. */
  readonly users: Signal;
  /** Between requests. */
  readonly think?: Distribution;
  /** Of each. */
  readonly iterations?: number;
  /** In ms. */
  readonly duration?: number;
}

/** Settings of shared-iterations. */
export interface WrittenShared extends WrittenTraffic {
  /** How many. */
  readonly users: number;
  /** Between requests. */
  readonly think?: Distribution;
  /** Of all. */
  readonly iterations: number;
  /** In ms. */
  readonly duration?: number;
}

/** Settings of replay. */
export interface WrittenReplay extends WrittenTraffic {
  /** What was recorded. */
  readonly trace: {
    /** Absolute. */
    readonly file?: string;
    /** Of the file. */
    readonly format?: TraceFormat;
    /** In ms. */
    readonly times?: readonly number[];
  };
  /** What the gaps are multiplied by. */
  readonly scale: number;
  /** The most under way. */
  readonly maxInFlight: number;
}

/** Settings of modulate. */
export interface WrittenModulate {
  /** In ms. */
  readonly start: number;
  /** In ms. */
  readonly duration?: number;
  /** The dial, as written. */
  readonly set: Readonly<Record<string, string>>;
  /** Its course, as written. */
  readonly to?: unknown;
}

/** Settings of stress. */
export interface WrittenStress {
  /** In ms. */
  readonly start: number;
  /** As written. */
  readonly scenario?: unknown;
}

/** The schema of each executor, by its name. */
export function scenarioSchemas(
  kit: Kit,
): Readonly<Record<string, Schema<unknown>>> {
  const { z } = kit;
  const duration = kit.duration({ above: 0 });
  const common = (executor: string) => ({
    executor: z.literal(executor),
    start: kit.duration().default(0),
  });
  const traffic = (executor: string) => ({
    ...common(executor),
    gracefulStop: kit.duration().default(GRACEFUL_STOP),
    pick: z.enum(["weighted", "in-order"]).default("weighted"),
    // What these hold is read apart, so that all faults are told whatever else is wrong.
    variables: z.record(z.string(), z.unknown()).optional(),
    requests: requests(z),
  });
  const maxInFlight = kit.integer({ min: 1 }).default(MAX_IN_FLIGHT);
  const iterations = kit.integer({ min: 1 });
  const think = kit.distribution().optional();
  return {
    "arrival-rate": z.strictObject({
      ...traffic("arrival-rate"),
      arrivals: z.enum(["poisson", "uniform"]).default("poisson"),
      rate: kit.signal(kit.rate()),
      duration,
      maxInFlight,
    }),
    "virtual-users": z.strictObject({
      ...traffic("virtual-users"),
      users: kit.signal(kit.number({ min: 0, max: MOST_USERS })),
      think,
      iterations: iterations.optional(),
      duration: duration.optional(),
    }).refine(
      (written) =>
        written.iterations !== undefined || written.duration !== undefined,
      {
        error: "Without iterations or a duration it has no end",
        params: { allowed: "iterations, duration, or both" },
      },
    ),
    "shared-iterations": z.strictObject({
      ...traffic("shared-iterations"),
      users: kit.integer({ min: 1, max: MOST_USERS }).default(1),
      think,
      iterations,
      duration: duration.optional(),
    }),
    replay: z.strictObject({
      ...traffic("replay"),
      requests: requests(z).optional(),
      trace: z.strictObject({
        file: kit.file().optional(),
        format: z.enum(TRACE_FORMATS).optional(),
        times: z.array(kit.duration()).min(1).max(1_000_000).optional(),
      }).refine(
        ({ file, times }) => (file === undefined) !== (times === undefined),
        { error: "A trace is a file or a list of times" },
      ),
      scale: kit.number({ above: 0 }).default(1),
      maxInFlight,
    }),
    modulate: z.strictObject({
      ...common("modulate"),
      duration: duration.optional(),
      set: z.record(z.string(), z.string()),
      to: z.unknown(),
    }),
    stress: z.strictObject({
      ...common("stress"),
      scenario: z.unknown(),
    }),
  };
}

function requests(z: typeof zod) {
  return z.array(z.unknown()).min(1, {
    error: "A scenario without requests sends nothing",
  });
}
