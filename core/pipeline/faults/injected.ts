/**
 * What becomes of an exchange that a fault meets.
 *
 * @module
 */
import type { LiveExchange } from "../exchange.ts";
import type { Counter } from "../../plugin.ts";

/**
 * What a fault does once the hold is over: it answers in its own way, lets the client wait for ever, or resets the connection
 * before any byte.
 */
export type FaultAction = "answer" | "hang" | "connection-reset";

/** A fault of a route, ready to be injected. */
export interface Injected {
  /** What it does. */
  readonly action: FaultAction;
  /** The status it answers with; undefined where that stays the route's. */
  readonly status: number | undefined;
  /** Answers in the route's place; undefined where nothing is answered. */
  readonly answer: ((exchange: LiveExchange) => void) | undefined;
  /** Counts how often it took effect. */
  readonly counter: Pick<Counter, "add">;
}

/** Decides which fault meets an exchange, once, when its service starts. */
export interface FaultDecision {
  /** The fault, or undefined for none. */
  decide(exchange: LiveExchange): Injected | undefined;
}

/**
 * Ends an exchange by what Fetch calls a network error: a listener that can resets the connection, and who calls `fetch` in
 * the process sees that error.
 */
export function resetConnection(x: LiveExchange): void {
  x.response = Response.error();
  x.resolve?.(x.response);
}
