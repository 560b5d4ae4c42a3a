/**
 * Settings of the route key `degrade`: types and schema.
 *
 * @module
 */
import type { Distribution, Kit, KitType, Signal } from "../../core/plugin.ts";

const MIB = 2 ** 20;

/** HTTP status 503 Service Unavailable. */
export const UNAVAILABLE = 503;

/** Default of `until` of a step, as a share of its `at`. */
const STEP_UNTIL = 0.9;

/** Maximum number of steps of a brown-out. */
const MAX_STEPS = 20;

/** Maximum number of servers: the recursion of Erlang's formula then takes a few microseconds. */
const MAX_SERVERS = 1000;

/** Default of `at` of an exhaustion. */
const EXHAUSTED_AT = 0.95;

/** Default of `until` of an exhaustion, as a share of its `at`. */
const RECOVERED_BELOW = 0.8;

/** Source of a utilisation or level: a word such as `in-flight`, or a compiled signal. */
export type InputSettings = string | Signal;

/** A threshold with hysteresis. */
export interface Threshold {
  /** The state is entered at this level or above. */
  readonly at: number;
  /** The state is left below this level; at most `at`. */
  readonly until: number;
}

/** Slowness of a process that has just been restarted. */
export interface ColdStart {
  /** Factor on the service time right after the restart, at least 1. */
  readonly factor: number;
  /** Time in which the factor falls to 1, in ms. */
  readonly over: number;
}

/** Restart of a backend that has crashed. */
export interface CrashSettings {
  /** Time during which nothing is served, in ms. */
  readonly restart: number;
  /** Slowness after the restart. */
  readonly coldStart: ColdStart;
}

/** Settings that all actions at exhaustion have. */
export interface ExhaustionBase {
  /** Source of the level; by default the input of the model. */
  readonly input?: InputSettings | undefined;
  /** Level at which the backend is exhausted, above 0. Default 0.95; 1 for a leak. */
  readonly at?: number | undefined;
}

/** Exhaustion that is answered with a status. */
export interface Refuse extends ExhaustionBase {
  /** Action at exhaustion. */
  readonly action: "refuse";
  /** Level below which the backend has recovered. Default 0.8 of `at`. */
  readonly until?: number | undefined;
  /** HTTP status, 400…599. */
  readonly status: number;
  /** Value of the Retry-After header, in ms; absent: no header. */
  readonly retryAfter?: number | undefined;
}

/** Exhaustion that resets connections before any byte is sent. */
export interface Reset extends ExhaustionBase {
  /** Action at exhaustion. */
  readonly action: "connection-reset";
  /** Level below which the backend has recovered. Default 0.8 of `at`. */
  readonly until?: number | undefined;
}

/** Exhaustion that crashes and restarts the process. */
export interface Crash extends ExhaustionBase, CrashSettings {
  /** Action at exhaustion. */
  readonly action: "crash";
  /** HTTP status of requests during the restart, 400…599; absent: their connections are reset. */
  readonly status?: number | undefined;
  /** Value of the Retry-After header, in ms; absent: the remaining time of the restart. */
  readonly retryAfter?: number | undefined;
}

/** Settings of `exhaustion`, parsed. */
export type ExhaustionSettings = Refuse | Reset | Crash;

/** Restart of a backend whose settings leave it open. */
const DEFAULT_CRASH: CrashSettings = {
  restart: 10_000,
  coldStart: { factor: 3, over: 30_000 },
};

/** Exhaustion of a `leak` whose settings leave it open. */
export const LEAK_EXHAUSTION: ExhaustionSettings = {
  action: "crash",
  at: 1,
  ...DEFAULT_CRASH,
};

/** Settings that all models have. */
export interface ModelSettings {
  /** Input of the model; the default depends on the model. */
  readonly input?: InputSettings | undefined;
  /** Name of the process that the route belongs to; absent: the server. */
  readonly backend?: string | undefined;
  /** Behaviour at the limit of the backend. */
  readonly exhaustion?: ExhaustionSettings | undefined;
}

/** No slowdown, only exhaustion. */
export interface EdgeOnlySettings extends ModelSettings {
  /** Name of the model. */
  readonly model: "none";
}

/** One core, shared by all requests. */
export interface ProcessorSharingSettings extends ModelSettings {
  /** Name of the model. */
  readonly model: "processor-sharing";
}

/** Mean wait for one of several cores. */
export interface ErlangCSettings extends ModelSettings {
  /** Name of the model. */
  readonly model: "erlang-c";
  /** Number of cores, 1…1000. Default: the concurrency of the pool that is read, else 1. */
  readonly servers?: number | undefined;
}

/** Contention and coherency of concurrent requests. */
export interface UslSettings extends ModelSettings {
  /** Name of the model. */
  readonly model: "usl";
  /** α, the share of the work that is serial, 0…1. */
  readonly contention: number;
  /** β, the share of the work that each pair of requests costs, 0…1. */
  readonly coherency: number;
}

/** Garbage collections that stop the whole backend. */
export interface GcPauseSettings extends ModelSettings {
  /** Name of the model. */
  readonly model: "gc-pause";
  /** Bytes that one request allocates. */
  readonly perRequest: number;
  /** Size of the heap, in bytes. */
  readonly heap: number;
  /** Length of a collection, in ms. */
  readonly pause: Pick<Distribution, "draw">;
}

/** Requests that fail before the limit is reached. */
export interface FailureSettings {
  /** Level at which requests begin to fail, 0…0.99. */
  readonly from: number;
  /** Share of requests that fail at level 1. */
  readonly share: number;
  /** HTTP status of a failed request, 400…599. */
  readonly status: number;
}

/** Memory that is never freed. */
export interface LeakSettings extends ModelSettings {
  /** Name of the model. */
  readonly model: "leak";
  /** Bytes that one request leaves behind. */
  readonly perRequest: number;
  /** Bytes at which memory runs out. */
  readonly limit: number;
  /** Share of the service time that is added when half of the limit is held. */
  readonly overhead: number;
  /** Failures before the limit is reached. */
  readonly failures: FailureSettings;
}

/** One step of a brown-out. */
export interface Step extends Threshold {
  /** Factor on the service time, at least 1. */
  readonly factor: number;
  /** Time that is added to each service, in ms. */
  readonly delay: number;
  /** Share of requests that fail, 0…1. */
  readonly failures: number;
}

/** Degradation in steps. */
export interface BrownOutSettings extends ModelSettings {
  /** Name of the model. */
  readonly model: "brown-out";
  /** Steps in ascending order of `at`. */
  readonly steps: readonly Step[];
}

/** Settings of `degrade`, parsed. */
export type DegradeSettings =
  | EdgeOnlySettings
  | ProcessorSharingSettings
  | ErlangCSettings
  | UslSettings
  | GcPauseSettings
  | LeakSettings
  | BrownOutSettings;

/** Route keys of the plugin, parsed. */
export interface DegradeRouteOptions {
  /** Model by which the route becomes slower and fails as its backend nears its limits. */
  readonly degrade: DegradeSettings;
}

/** Schemas of the route keys of the plugin. */
export function degradeRouteKeys(
  kit: Kit,
): { readonly degrade: KitType<DegradeSettings> } {
  const { z, distribution, integer, number, share, size, worded } = kit;
  const exhaustion = exhaustionType(kit);
  const common = {
    input: inputType(kit).optional(),
    backend: z.string().min(1).optional(),
    exhaustion: exhaustion.optional(),
  };
  const perRequest = size({ above: 0 }).default(MIB);
  const degrade = z.discriminatedUnion("model", [
    z.strictObject(worded({
      ...common,
      model: z.literal("processor-sharing"),
    }, {
      ...COMMON_WORDS,
      model: "One core, which all requests share",
    })),
    z.strictObject(worded({
      ...common,
      model: z.literal("erlang-c"),
      servers: integer({ min: 1, max: MAX_SERVERS }).optional(),
    }, {
      ...COMMON_WORDS,
      model: "Mean wait for one of several servers",
      servers:
        "Number of servers. Default: the concurrency of the pool that is read, else 1",
    })),
    z.strictObject(worded({
      ...common,
      model: z.literal("usl"),
      contention: share().default(0.05),
      coherency: share().default(0.001),
    }, {
      ...COMMON_WORDS,
      model: "Contention and coherency of concurrent requests",
      contention: "Share of the work that is serial, α",
      coherency: "Share of the work that each pair of requests costs, β",
    })),
    z.strictObject(worded({
      ...common,
      model: z.literal("gc-pause"),
      perRequest,
      heap: size({ above: 0 }).default(256 * MIB),
      pause: distribution().prefault("200ms"),
    }, {
      ...COMMON_WORDS,
      model: "Garbage collections that stop the whole backend",
      perRequest: "Memory that one request allocates",
      heap: "Size of the heap, after which a collection begins",
      pause: "Length of a collection",
    })),
    z.strictObject(worded({
      ...common,
      model: z.literal("leak"),
      perRequest: size({ above: 0 }).default(MIB),
      limit: size({ above: 0 }).default(512 * MIB),
      overhead: number({ min: 0 }).default(0.1),
      failures: z.strictObject(worded({
        from: number({ min: 0, max: 0.99 }).default(0.8),
        share: share().default(0.5),
        status: failureStatus(kit).default(UNAVAILABLE),
      }, {
        from: "Level, as a share of the limit, at which requests begin to fail",
        share: "Share of requests that fail at the limit",
        status: "Status of a failed request",
      })).prefault({}),
    }, {
      ...COMMON_WORDS,
      model: "Memory that is never freed",
      perRequest: "Memory that one request leaves behind",
      limit: "Amount at which memory runs out",
      overhead:
        "Share of the service time that is added when half of the limit is held",
      failures: "Failures before the limit is reached",
    })),
    z.strictObject(worded({
      ...common,
      model: z.literal("brown-out"),
      steps: stepsType(kit),
    }, {
      ...COMMON_WORDS,
      model: "Degradation in steps",
      steps: "Steps in ascending order of at",
    })),
    z.strictObject(worded({
      ...common,
      exhaustion,
      model: z.literal("none"),
    }, {
      ...COMMON_WORDS,
      model: "No slowdown, only exhaustion",
    })),
  ]);
  return worded({
    degrade: degrade as unknown as KitType<DegradeSettings>,
  }, {
    degrade:
      "Model by which the route becomes slower and fails as its backend nears its limits. Default: none",
  });
}

/** Words for the settings that all models have. */
const COMMON_WORDS = {
  input:
    "Source of the utilisation or level: a word such as in-flight, or a signal. The default depends on the model",
  backend:
    "Name of the process that the route belongs to, whose state its routes share. Default: the server",
  exhaustion: "Behaviour at the limit of the backend",
} as const;

/**
 * Thresholds of an exhaustion, with defaults filled in.
 *
 * @param defaultAt level at which the backend is exhausted where `at` is absent
 */
export function thresholdOf(
  settings: ExhaustionSettings,
  defaultAt: number = EXHAUSTED_AT,
): Threshold {
  const { at = defaultAt } = settings;
  const until = "until" in settings ? settings.until : undefined;
  return { at, until: until ?? at * RECOVERED_BELOW };
}

/** Type of an input. */
function inputType(kit: Kit): KitType<InputSettings> {
  const type = kit.z.union([
    kit.z.string().min(1),
    kit.signal(kit.number({ min: 0 })),
  ]);
  return type as unknown as KitType<InputSettings>;
}

/** Type of an HTTP status that reports a failure. */
function failureStatus(kit: Kit): KitType<number> {
  return kit.integer({ min: 400, max: 599 });
}

/** Type of `exhaustion`. */
function exhaustionType(kit: Kit): KitType<ExhaustionSettings> {
  const { z, number, duration, worded } = kit;
  const common = {
    input: inputType(kit).optional(),
    at: number({ above: 0 }).optional(),
  };
  const levels = { ...common, until: number({ min: 0 }).optional() };
  const words = {
    input: "Source of the level. Default: the input of the model",
    at: "Level at which the backend is exhausted. Default 0.95; 1 for a leak",
  };
  const until =
    "Level below which the backend has recovered. Default 0.8 of at";
  const type = z.discriminatedUnion("action", [
    z.strictObject(worded({
      ...levels,
      action: z.literal("refuse"),
      status: failureStatus(kit).default(UNAVAILABLE),
      retryAfter: duration().optional(),
    }, {
      ...words,
      until,
      action: "Answer with a status",
      status: "Status of the answer",
      retryAfter:
        "Time that the header Retry-After asks to wait. Default: none",
    })),
    z.strictObject(
      worded({ ...levels, action: z.literal("connection-reset") }, {
        ...words,
        until,
        action: "Reset the connection before any byte is sent",
      }),
    ),
    z.strictObject(worded({
      ...common,
      action: z.literal("crash"),
      status: failureStatus(kit).optional(),
      retryAfter: duration().optional(),
      restart: duration().default(DEFAULT_CRASH.restart),
      coldStart: z.strictObject(worded({
        factor: number({ min: 1 }).default(DEFAULT_CRASH.coldStart.factor),
        over: duration().default(DEFAULT_CRASH.coldStart.over),
      }, {
        factor: "Factor on the service time right after the restart",
        over: "Time in which the factor falls to 1",
      })).default(DEFAULT_CRASH.coldStart),
    }, {
      ...words,
      action: "Crash, and restart",
      status:
        "Status of requests during the restart. Default: their connections are reset",
      retryAfter:
        "Time that the header Retry-After asks to wait. Default: what remains of the restart",
      restart: "Time during which nothing is served",
      coldStart: "Slowness after the restart",
    })),
  ]).superRefine((settings, { addIssue }) => {
    const { at = EXHAUSTED_AT } = settings;
    if (!("until" in settings) || settings.until === undefined) return;
    if (settings.until <= at) return;
    addIssue({
      code: "custom",
      path: ["until"],
      message: `Must be at most "at", ${at}, received ${settings.until}`,
      params: { allowed: `a number from 0 to ${at}` },
    });
  });
  return type as unknown as KitType<ExhaustionSettings>;
}

/** Type of the steps of a brown-out: `at` must rise from step to step. */
function stepsType(
  { z, duration, number, share, worded }: Kit,
): KitType<Step[]> {
  const type = z.array(
    z.strictObject(worded({
      at: number({ above: 0 }),
      until: number({ min: 0 }).optional(),
      factor: number({ min: 1 }).default(1),
      delay: duration().default(0),
      failures: share().default(0),
    }, {
      at: "Level from which the step applies",
      until: "Level below which the step is left. Default 0.9 of at",
      factor: "Factor on the service time",
      delay: "Time that is added to each service",
      failures: "Share of requests that fail",
    })),
  ).min(1).max(MAX_STEPS).superRefine((steps, { addIssue }) => {
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
      until: until ?? step.at * STEP_UNTIL,
    }))
  );
  return type as unknown as KitType<Step[]>;
}
