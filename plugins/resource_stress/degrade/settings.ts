/**
 * The settings of `degrade`: its schema, and what comes out of it.
 *
 * @module
 */
import type { Distribution, Kit, KitType } from "../../../core/plugin.ts";
import {
  type ExhaustionSettings,
  exhaustionType,
  failureStatus,
  type InputSettings,
  inputType,
} from "../edge/mod.ts";
import type { Step } from "./brown_out.ts";

const MIB = 2 ** 20;

/** Where a step ends where nothing is said, as a share of where it begins. */
const UNTIL = 0.9;

/** A longer list is no list of steps. */
const MOST_STEPS = 20;

/** As many as Erlang's recursion takes a few microseconds for. */
const MOST_SERVERS = 1000;

/** What all models have. */
export interface ModelSettings {
  /** What the model reads; by model where absent. */
  readonly input?: InputSettings | undefined;
  /** Which process the route belongs to; the server where absent. */
  readonly backend?: string | undefined;
  /** What happens at the edge. */
  readonly exhaustion?: ExhaustionSettings | undefined;
}

/** Nothing but the edge. */
export interface EdgeOnlySettings extends ModelSettings {
  /** The model's name. */
  readonly model: "none";
}

/** One core shared by all. */
export interface ProcessorSharingSettings extends ModelSettings {
  /** The model's name. */
  readonly model: "processor-sharing";
}

/** The mean wait for one of several cores. */
export interface ErlangCSettings extends ModelSettings {
  /** The model's name. */
  readonly model: "erlang-c";
  /** How many cores, 1…1000; the pool's concurrency, or 1, where absent. */
  readonly servers?: number | undefined;
}

/** Contention and coherency. */
export interface UslSettings extends ModelSettings {
  /** The model's name. */
  readonly model: "usl";
  /** α, the share of the work that is serial. */
  readonly contention: number;
  /** β, the share of the work that each pair of requests costs. */
  readonly coherency: number;
}

/** Collections that stop everything. */
export interface GcPauseSettings extends ModelSettings {
  /** The model's name. */
  readonly model: "gc-pause";
  /** Bytes that a request allocates. */
  readonly perRequest: number;
  /** Bytes. */
  readonly heap: number;
  /** How long a collection stops everything, in milliseconds. */
  readonly pause: Pick<Distribution, "draw">;
}

/** Requests that fail before the edge. */
export interface FailureSettings {
  /** The level from which on some fail, 0… below 1. */
  readonly from: number;
  /** The share that fails at level 1. */
  readonly share: number;
  /** What they are answered, 400…599. */
  readonly status: number;
}

/** Memory that is never freed. */
export interface LeakSettings extends ModelSettings {
  /** The model's name. */
  readonly model: "leak";
  /** Bytes that a request leaves for good. */
  readonly perRequest: number;
  /** Bytes at which it ends. */
  readonly limit: number;
  /** The share of the service time that is added where half the limit is held. */
  readonly overhead: number;
  /** Who fails before that. */
  readonly failures: FailureSettings;
}

/** Worse in steps. */
export interface BrownOutSettings extends ModelSettings {
  /** The model's name. */
  readonly model: "brown-out";
  /** In rising order. */
  readonly steps: readonly Step[];
}

/** The settings of `degrade`, parsed. */
export type DegradeSettings =
  | EdgeOnlySettings
  | ProcessorSharingSettings
  | ErlangCSettings
  | UslSettings
  | GcPauseSettings
  | LeakSettings
  | BrownOutSettings;

/** The route key of degradation, parsed. */
export interface DegradeRouteOptions {
  /** How the route gets slower and fails as its backend nears its limits. */
  readonly degrade: DegradeSettings;
}

/** The route key of degradation with its schema. */
export function degradeRouteKeys(
  kit: Kit,
): { readonly degrade: KitType<DegradeSettings> } {
  const { z, distribution, duration, integer, number, share, size } = kit;
  const common = {
    input: inputType(kit).optional(),
    backend: z.string().min(1).optional(),
    exhaustion: exhaustionType(kit).optional(),
  };
  const perRequest = size({ above: 0 }).default(MIB);
  const degrade = z.discriminatedUnion("model", [
    z.strictObject({
      ...common,
      model: z.literal("processor-sharing"),
    }),
    z.strictObject({
      ...common,
      model: z.literal("erlang-c"),
      servers: integer({ min: 1, max: MOST_SERVERS }).optional(),
    }),
    z.strictObject({
      ...common,
      model: z.literal("usl"),
      contention: share().default(0.05),
      coherency: share().default(0.001),
    }),
    z.strictObject({
      ...common,
      model: z.literal("gc-pause"),
      perRequest,
      heap: size({ above: 0 }).default(256 * MIB),
      pause: distribution().prefault("200ms"),
    }),
    z.strictObject({
      ...common,
      model: z.literal("leak"),
      perRequest,
      limit: size({ above: 0 }).default(512 * MIB),
      overhead: number({ min: 0 }).default(0.1),
      failures: z.strictObject({
        from: number({ min: 0, max: 0.99 }).default(0.8),
        share: share().default(0.5),
        status: failureStatus(kit).default(503),
      }).prefault({}),
    }),
    z.strictObject({
      ...common,
      model: z.literal("brown-out"),
      steps: stepsType(kit, { duration, number, share }),
    }),
    z.strictObject({
      ...common,
      exhaustion: common.exhaustion.unwrap(),
      model: z.literal("none"),
    }),
  ]);
  return { degrade: degrade as unknown as KitType<DegradeSettings> };
}

/** The steps of a brown-out, which must rise. */
function stepsType(
  { z }: Kit,
  { duration, number, share }: Pick<Kit, "duration" | "number" | "share">,
): KitType<Step[]> {
  const type = z.array(
    z.strictObject({
      at: number({ above: 0 }),
      until: number({ min: 0 }).optional(),
      factor: number({ min: 1 }).default(1),
      delay: duration().default(0),
      failures: share().default(0),
    }),
  ).min(1).max(MOST_STEPS).superRefine((steps, { addIssue }) => {
    const refuse = (
      path: (string | number)[],
      message: string,
      allowed: string,
    ) => addIssue({ code: "custom", path, message, params: { allowed } });
    steps.forEach(({ at, until = 0 }, i) => {
      if (i > 0 && at <= steps[i - 1].at) {
        refuse(
          [i, "at"],
          `Must be greater than that of the step before, ${
            steps[i - 1].at
          }, received ${at}`,
          `a number greater than ${steps[i - 1].at}`,
        );
      }
      if (until > at) {
        refuse(
          [i, "until"],
          `Must be at most "at", ${at}, received ${until}`,
          `a number from 0 to ${at}`,
        );
      }
    });
  }).transform((steps) =>
    steps.map(({ until, ...step }): Step => ({
      ...step,
      until: until ?? step.at * UNTIL,
    }))
  );
  return type as unknown as KitType<Step[]>;
}
