/**
 * Who is refused at the edge: while the backend is down, while it is exhausted, and who fails before that.
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
} from "../../../core/plugin.ts";
import type { PressureSource } from "../pressure.ts";
import type { Backend } from "./backend.ts";
import type { Crash, ExhaustionSettings } from "./settings.ts";
import { holds, type Threshold } from "./threshold.ts";

/** What the edge remembers of a route, over revisions. */
export interface EdgeState {
  /** Whether the backend is exhausted, as far as this route can tell. */
  exhausted: boolean;
  /** How many of the stress scenarios' restarts it has seen. */
  restarts: number;
  /** Requests that met exhaustion. */
  refused: number;
  /** Requests that met a backend that was down. */
  lost: number;
  /** Requests that failed before it came to that. */
  failed: number;
}

/** Where one kind of refusal is counted. */
export type EdgeCounter = Pick<Counter, "add">;

/** What the edge counts into. */
export interface EdgeCounters {
  /** Requests that met exhaustion. */
  readonly exhausted: EdgeCounter;
  /** Requests that met a backend that was down. */
  readonly down: EdgeCounter;
  /** Requests that failed before it came to that. */
  readonly failing: EdgeCounter;
}

/** What an edge is made of. */
export interface EdgeParts {
  /** The process that fails. */
  readonly backend: Backend;
  /** Changed on the way of a request. */
  readonly state: EdgeState;
  /** Where refusals are counted. */
  readonly counters: EdgeCounters;
  /** What a crash resets. */
  readonly inFlight: InFlight;
}

/** When a backend is exhausted, and what then. */
export interface Exhaustion {
  /** What is done. */
  readonly settings: ExhaustionSettings;
  /** From where to where. */
  readonly threshold: Threshold;
  /** The level at a time on the clock. */
  readonly level: (at: number) => number;
  /** Where the level is that of real stress: a scenario's restart is a crash. */
  readonly pressure: PressureSource | undefined;
}

/** The share of requests that fail before exhaustion. */
export interface Failing {
  /** At a time on the clock, 0…1. */
  readonly share: (at: number) => number;
  /** What they are answered. */
  readonly status: number;
  /** Chance, by the exchange's sequence number. */
  readonly chance: (sequence: number) => number;
}

/** Holds nothing. */
const PASS: Lease = { release() {} };

/** A backend that is down, without a word of its own about it. */
const UNAVAILABLE = 503;

/** Counts who enters service, and refuses who comes out of a queue while the backend is down. */
export function entrance(
  parts: EdgeParts,
  settings: ExhaustionSettings | undefined,
): Admit {
  const { backend } = parts;
  const down = downAnswer(parts, settings);
  return (exchange) => {
    if (backend.downUntil > exchange.start) return down(exchange.start);
    backend.enter(exchange);
    return backend;
  };
}

/** Looks at the edge as a request arrives. */
export function gate(
  parts: EdgeParts,
  exhaustion: Exhaustion | undefined,
  failing: Failing | undefined,
): Admit {
  const { backend } = parts;
  const down = downAnswer(parts, exhaustion?.settings);
  const exhausted = exhaustion === undefined
    ? undefined
    : exhaustedAnswer(parts, exhaustion, down);
  const failure = failing === undefined
    ? undefined
    : failingAnswer(parts, failing);
  return (exchange) => {
    if (backend.downUntil > exchange.start) return down(exchange.start);
    return exhausted?.(exchange) ?? failure?.(exchange) ?? PASS;
  };
}

/** What is answered during a restart. */
function downAnswer(
  { backend, state, counters }: EdgeParts,
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

/** What is answered at exhaustion; undefined where it is not. */
function exhaustedAnswer(
  parts: EdgeParts,
  exhaustion: Exhaustion,
  down: (at: number) => Rejection,
): (exchange: Exchange) => Rejection | undefined {
  const { settings } = exhaustion;
  return settings.action === "crash"
    ? crashing(parts, { ...exhaustion, settings }, down)
    : refusing(parts, {
      ...exhaustion,
      answer: settings.action === "connection-reset"
        ? rejection("exhausted", UNAVAILABLE, { reset: true })
        : rejection("exhausted", settings.status, settings),
    });
}

function crashing(
  { backend, state, inFlight }: EdgeParts,
  { settings, threshold, level, pressure }: Exhaustion & {
    readonly settings: Crash;
  },
  down: (at: number) => Rejection,
): (exchange: Exchange) => Rejection | undefined {
  return ({ start }) => {
    const begun = pressure?.restarts() ?? state.restarts;
    if (begun === state.restarts && !(level(start) >= threshold.at)) {
      return undefined;
    }
    state.restarts = begun;
    backend.crash(start, settings, inFlight);
    return down(start);
  };
}

function refusing(
  { state, counters }: EdgeParts,
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
  { state, counters }: EdgeParts,
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
