/**
 * From the faults that a user wrote to those that are injected.
 *
 * @module
 */
import type { FaultSettings } from "../../config/mod.ts";
import type { LiveExchange } from "../exchange.ts";
import type { Counter, Stream } from "../../plugin.ts";
import { answerCut } from "./cut_body.ts";
import type { Injected } from "./injected.ts";
import { type FaultRule, RouteFaults } from "./route_faults.ts";

/** The answer of a fault with a status. */
export interface FaultAnswer {
  /** 200…599. */
  readonly status: number;
  /** Retry-After, where there is one. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body; undefined for none. */
  readonly body: string | undefined;
  /** Of the body. */
  readonly contentType: string | undefined;
}

/** What faults are made with. */
export interface FaultParts {
  /** Where the draws come from: the route's stream "fault". */
  readonly stream: Stream;
  /** The counter of one kind of fault. */
  readonly counter: (fault: string) => Pick<Counter, "add">;
  /** The function that answers as a fault does. */
  readonly answer: (settings: FaultAnswer) => (exchange: LiveExchange) => void;
}

/** The decision about a route's faults; undefined where it has none. */
export function prepareFaults(
  faults: readonly FaultSettings[],
  parts: FaultParts,
): RouteFaults | undefined {
  if (faults.length === 0) return undefined;
  const rules = faults.map((fault): FaultRule => ({
    share: fault.share,
    first: fault.first ?? 0,
    header: fault.per?.slice("header:".length),
    injected: injectedBy(fault, parts),
  }));
  return new RouteFaults(rules, parts.stream);
}

/** What a fault does, prepared. */
export function injectedBy(
  fault: FaultSettings,
  parts: Pick<FaultParts, "counter" | "answer">,
): Injected {
  const { action, status = 500 } = fault;
  if (action !== undefined) {
    const cuts = action === "cut-body";
    return {
      action: cuts ? "answer" : action,
      status: undefined,
      answer: cuts ? answerCut : undefined,
      counter: parts.counter(action),
    };
  }
  return {
    action: "answer",
    status,
    answer: parts.answer(answerOf(fault, status)),
    counter: parts.counter(`${status}`),
  };
}

/** Statuses that come without a body (RFC 9110). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

function answerOf(
  { json, text, retryAfter }: FaultSettings,
  status: number,
): FaultAnswer {
  // Retry-After knows whole seconds only: rounded up, so that nobody comes back too early.
  const headers: Record<string, string> = retryAfter === undefined
    ? {}
    : { "retry-after": `${Math.ceil(retryAfter / 1000)}` };
  if (text !== undefined) {
    const contentType = "text/plain; charset=utf-8";
    return { status, headers, body: text, contentType };
  }
  if (json !== undefined) {
    const contentType = "application/json";
    return { status, headers, body: JSON.stringify(json), contentType };
  }
  if (BODILESS.has(status)) {
    return { status, headers, body: undefined, contentType: undefined };
  }
  return {
    status,
    headers,
    body: JSON.stringify({
      type: "about:blank",
      status,
      title: "This fault was injected",
    }),
    contentType: "application/problem+json",
  };
}
