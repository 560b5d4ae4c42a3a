/**
 * The settings of what happens at exhaustion.
 *
 * @module
 */
import type { Kit, KitType, Signal } from "../../../core/plugin.ts";
import type { CrashSettings } from "./backend.ts";

/** Where a backend is exhausted where nothing is said, as a share. */
const AT = 0.95;

/** Where it has recovered, as a share of where it is exhausted. */
const UNTIL = 0.8;

/** 503 Service Unavailable. */
const UNAVAILABLE = 503;

/** What a level is read from, as written: a word such as `in-flight`, or a signal, compiled. */
export type InputSettings = string | Signal;

/** What all actions have. */
export interface ExhaustionBase {
  /** Where the level is read; the model's own where absent. */
  readonly input?: InputSettings | undefined;
  /** The level at which the backend is exhausted, above 0; by model where absent. */
  readonly at?: number | undefined;
}

/** Requests are answered with a status. */
export interface Refuse extends ExhaustionBase {
  /** What is done. */
  readonly action: "refuse";
  /** The level below which it has recovered. */
  readonly until?: number | undefined;
  /** 400…599. */
  readonly status: number;
  /** When to come back, in milliseconds. */
  readonly retryAfter?: number | undefined;
}

/** Connections are reset before any byte. */
export interface Reset extends ExhaustionBase {
  /** What is done. */
  readonly action: "connection-reset";
  /** The level below which it has recovered. */
  readonly until?: number | undefined;
}

/** The process dies and is started again. */
export interface Crash extends ExhaustionBase, CrashSettings {
  /** What is done. */
  readonly action: "crash";
  /** What who arrives during the restart is told, 400…599; a connection reset where absent. */
  readonly status?: number | undefined;
  /** When to come back, in milliseconds; what is left of the restart where absent. */
  readonly retryAfter?: number | undefined;
}

/** What happens at exhaustion. */
export type ExhaustionSettings = Refuse | Reset | Crash;

/** What a crash is where nothing is said. */
export const USUAL_CRASH: CrashSettings = {
  restart: 10_000,
  coldStart: { factor: 3, over: 30_000 },
};

/** The type of an input, as models and edges read one. */
export function inputType(kit: Kit): KitType<InputSettings> {
  const type = kit.z.union([
    kit.z.string().min(1),
    kit.signal(kit.number({ min: 0 })),
  ]);
  return type as unknown as KitType<InputSettings>;
}

/** The type of a status that says that something failed. */
export function failureStatus(kit: Kit): KitType<number> {
  return kit.integer({ min: 400, max: 599 });
}

/** The type of `exhaustion`. */
export function exhaustionType(kit: Kit): KitType<ExhaustionSettings> {
  const { z, number, duration } = kit;
  const common = {
    input: inputType(kit).optional(),
    at: number({ above: 0 }).optional(),
  };
  const levels = { ...common, until: number({ min: 0 }).optional() };
  const type = z.discriminatedUnion("action", [
    z.strictObject({
      ...levels,
      action: z.literal("refuse"),
      status: failureStatus(kit).default(UNAVAILABLE),
      retryAfter: duration().optional(),
    }),
    z.strictObject({ ...levels, action: z.literal("connection-reset") }),
    z.strictObject({
      ...common,
      action: z.literal("crash"),
      status: failureStatus(kit).optional(),
      retryAfter: duration().optional(),
      restart: duration().default(USUAL_CRASH.restart),
      coldStart: z.strictObject({
        factor: number({ min: 1 }).default(USUAL_CRASH.coldStart.factor),
        over: duration().default(USUAL_CRASH.coldStart.over),
      }).default(USUAL_CRASH.coldStart),
    }),
  ]).superRefine((settings, { addIssue }) => {
    const { at = AT } = settings;
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

/** The levels of settings whose `at` may be left open. */
export function levelsOf(
  settings: ExhaustionSettings,
  usual: number = AT,
): { readonly at: number; readonly until: number } {
  const { at = usual } = settings;
  const until = "until" in settings ? settings.until : undefined;
  return { at, until: until ?? at * UNTIL };
}
