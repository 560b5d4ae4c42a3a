/**
 * Refusals of a backend at its limit: during a restart, while it is exhausted, and by chance before that.
 *
 * @module
 */
import type {
  Admit,
  Counter,
  Exchange,
  InFlight,
  Lease,
  Rejection,
} from "../../core/plugin.ts";
import type { Backend } from "./backend.ts";
import { holds } from "./formulas.ts";
import type { PressureSource } from "./input.ts";
import {
  type Crash,
  type ExhaustionSettings,
  type Threshold,
  UNAVAILABLE,
} from "./settings.ts";

/** State of a route at the limit of its backend; outlives revisions. */
export interface RefusalState {
  /** True while the route finds its backend exhausted. */
  exhausted: boolean;
  /** Number of restarts of stress scenarios that the route has taken into account. */
  restarts: number;
  /** Requests refused because of exhaustion. */
  refused: number;
  /** Requests refused during a restart. */
  lost: number;
  /** Requests that failed by chance before exhaustion. */
  failed: number;
}

/** Counter of one kind of refusal. */
export type RefusalCounter = Pick<Counter, "add">;

/** Counters of a route's refusals. */
export interface RefusalCounters {
  /** Requests refused because of exhaustion. */
  readonly exhausted: RefusalCounter;
  /** Requests refused during a restart. */
  readonly down: RefusalCounter;
  /** Requests that failed by chance before exhaustion. */
  readonly failing: RefusalCounter;
}

/** State that the refusals of a route read and change. */
export interface RefusalContext {
  /** Process that the route belongs to. */
  readonly backend: Backend;
  /** Written by the hooks of the route. */
  readonly state: RefusalState;
  /** Counters of refusals. */
  readonly counters: RefusalCounters;
  /** Exchanges whose connections a crash resets. */
  readonly inFlight: InFlight;
}

/** Exhaustion of a route's backend. */
export interface Exhaustion {
  /** Settings with the action. */
  readonly settings: ExhaustionSettings;
  /** Levels between which the backend is exhausted. */
  readonly threshold: Threshold;
  /** Level at a time on the clock. */
  readonly level: (at: number) => number;
  /** Real stress, if the level is read from it: the restart of a scenario is then a crash. */
  readonly pressure: PressureSource | undefined;
}

/** Failures by chance before exhaustion. */
export interface Failing {
  /** Share of requests that fail at a time on the clock, 0…1. */
  readonly share: (at: number) => number;
  /** HTTP status of a failed request. */
  readonly status: number;
  /** Uniform number in 0…1 for a sequence number. */
  readonly chance: (sequence: number) => number;
}

/** A lease that holds nothing. */
const PASS: Lease = { release() {} };

/** Admits into service after all pools; refuses requests that leave a queue while the backend restarts. */
export function enterService(
  context: RefusalContext,
  settings: ExhaustionSettings | undefined,
): Admit {
  const { backend } = context;
  const down = downAnswer(context, settings);
  return (exchange) => {
    if (backend.downUntil > exchange.start) return down(exchange.start);
    backend.enter(exchange);
    return backend;
  };
}

/** Refuses requests as they arrive, before they wait in a queue. */
export function checkArrival(
  context: RefusalContext,
  exhaustion: Exhaustion | undefined,
  failing: Failing | undefined,
): Admit {
  const { backend } = context;
  const down = downAnswer(context, exhaustion?.settings);
  const exhausted = exhaustion === undefined
    ? undefined
    : exhaustedAnswer(context, exhaustion, down);
  const failure = failing === undefined
    ? undefined
    : failingAnswer(context, failing);
  return (exchange) => {
    if (backend.downUntil > exchange.start) return down(exchange.start);
    return exhausted?.(exchange) ?? failure?.(exchange) ?? PASS;
  };
}

/** Answer during a restart. */
function downAnswer(
  { backend, state, counters }: RefusalContext,
  settings: ExhaustionSettings | undefined,
): (at: number) => Rejection {
  const crash = settings?.action === "crash" ? settings : undefined;
  const reset = crash !== undefined && crash.status === undefined
    ? rejection("down", UNAVAILABLE, { reset: true })
    : undefined;
  const status = crash?.status ?? UNAVAILABLE;
  return (at) => {
    state.lost++;
    counters.down.add();
    return reset ?? rejection("down", status, {
      retryAfter: crash?.retryAfter ?? backend.downUntil - at,
    });
  };
}

/** Answer at exhaustion; undefined if the backend is not exhausted. */
function exhaustedAnswer(
  context: RefusalContext,
  exhaustion: Exhaustion,
  down: (at: number) => Rejection,
): (exchange: Exchange) => Rejection | undefined {
  const { settings } = exhaustion;
  return settings.action === "crash"
    ? crashing(context, { ...exhaustion, settings }, down)
    : refusing(context, {
      ...exhaustion,
      answer: settings.action === "connection-reset"
        ? rejection("exhausted", UNAVAILABLE, { reset: true })
        : rejection("exhausted", settings.status, settings),
    });
}

function crashing(
  { backend, state, inFlight }: RefusalContext,
  { settings, threshold, level, pressure }: Exhaustion & {
    readonly settings: Crash;
  },
  down: (at: number) => Rejection,
): (exchange: Exchange) => Rejection | undefined {
  return ({ start }) => {
    const restarts = pressure?.restarts() ?? state.restarts;
    if (restarts === state.restarts && !(level(start) >= threshold.at)) {
      return undefined;
    }
    state.restarts = restarts;
    backend.crash(start, settings, inFlight);
    return down(start);
  };
}

function refusing(
  { state, counters }: RefusalContext,
  { threshold, level, answer }: Pick<Exhaustion, "threshold" | "level"> & {
    readonly answer: Rejection;
  },
): (exchange: Exchange) => Rejection | undefined {
  return ({ start }) => {
    state.exhausted = holds(threshold, state.exhausted, level(start));
    if (!state.exhausted) return undefined;
    state.refused++;
    counters.exhausted.add();
    return answer;
  };
}

function failingAnswer(
  { state, counters }: RefusalContext,
  { share, chance, status }: Failing,
): (exchange: Exchange) => Rejection | undefined {
  const answer = rejection("failing", status, {});
  return ({ start, sequence }) => {
    const now = share(start);
    if (!(now > 0) || chance(sequence) >= now) return undefined;
    state.failed++;
    counters.failing.add();
    return answer;
  };
}

function rejection(
  reason: string,
  status: number,
  { retryAfter, reset = false }: {
    readonly retryAfter?: number | undefined;
    readonly reset?: boolean;
  },
): Rejection {
  return {
    reason,
    status,
    ...(retryAfter !== undefined && { retryAfter: retryAfter / 1000 }),
    ...(reset && { action: "connection-reset" as const }),
  };
}
