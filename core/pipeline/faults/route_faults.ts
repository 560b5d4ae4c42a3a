/**
 * The faults of one route: which requests they meet.
 *
 * @module
 */
import type { LiveExchange } from "../exchange.ts";
import type { Stream } from "../../plugin.ts";
import type { FaultDecision, Injected } from "./injected.ts";

/** When a fault is injected. */
export interface FaultRule {
  /** The share of requests it meets, 0…1; undefined where it meets the first ones. */
  readonly share: number | undefined;
  /** How many first requests it meets. */
  readonly first: number;
  /** The header by whose value first requests are counted; undefined to count the route's arrivals. */
  readonly header: string | undefined;
  /** What it then does. */
  readonly injected: Injected;
}

/** How many values of a header are remembered; the one unseen for the longest is forgotten first. */
export const REMEMBERED_VALUES = 10_000;

/** A fault that meets the first requests. */
interface First {
  readonly count: number;
  readonly header: string | undefined;
  readonly injected: Injected;
  /** How many requests each value of the header has had. */
  readonly seen: Map<string, number>;
}

/** A fault that meets a share of requests: those whose draw is below `below` and not below the one before. */
interface Part {
  readonly below: number;
  readonly injected: Injected;
}

/**
 * Decides for one route. First requests come first, in the order of the rules; of the shares one draw chooses at most one, so
 * that they exclude each other. The draw has a stream of its own: no fault shifts a service time.
 */
export class RouteFaults implements FaultDecision {
  readonly #first: First[] = [];
  readonly #parts: Part[] = [];
  readonly #stream: Stream;
  /** What all shares are multiplied by. */
  scale = 1;

  /**
   * @param rules in the order in which they were written; their shares add up to 1 at most
   * @param stream where the draws come from
   */
  constructor(rules: readonly FaultRule[], stream: Stream) {
    this.#stream = stream;
    let below = 0;
    for (const { share, first, header, injected } of rules) {
      if (share === undefined) {
        this.#first.push({ count: first, header, injected, seen: new Map() });
      } else this.#parts.push({ below: below += share, injected });
    }
  }

  decide(x: LiveExchange): Injected | undefined {
    for (const rule of this.#first) if (meets(rule, x)) return rule.injected;
    if (this.#parts.length === 0) return undefined;
    const draw = this.#stream.uniform(x.sequence) / this.scale;
    for (const { below, injected } of this.#parts) {
      if (draw < below) return injected;
    }
    return undefined;
  }

  /** Lets first requests be first again. */
  reset(): void {
    for (const { seen } of this.#first) seen.clear();
  }
}

function meets(rule: First, x: LiveExchange): boolean {
  if (rule.header === undefined) return x.sequence < rule.count;
  const { seen, count } = rule;
  const value = x.header(rule.header) ?? "";
  const before = seen.get(value) ?? 0;
  // A Map keeps the order of insertion: what was seen last goes to its end.
  seen.delete(value);
  seen.set(value, Math.min(before + 1, count));
  if (seen.size > REMEMBERED_VALUES) {
    for (const oldest of seen.keys()) {
      seen.delete(oldest);
      break;
    }
  }
  return before < count;
}
