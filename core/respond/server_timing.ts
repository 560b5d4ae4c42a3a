/**
 * The Server-Timing header: what an exchange's time went to, as achieved, where a browser's developer tools and
 * performance entries show it.
 *
 * @module
 */
import type { Exchange } from "../plugin.ts";

/** A duration with three decimals; not by toFixed, which costs three times as much. */
export function milliseconds(duration: number): string {
  const microseconds = Math.round(duration * 1000);
  if (microseconds <= 0) return "0.000";
  const fraction = microseconds % 1000;
  const whole = (microseconds - fraction) / 1000;
  if (fraction >= 100) return `${whole}.${fraction}`;
  return fraction >= 10 ? `${whole}.0${fraction}` : `${whole}.00${fraction}`;
}

const NOTHING =
  'queue;dur=0.000, service;dur=0.000, degrade;dur=0.000, total;dur=0.000, traceparent;desc="';

/** The header's value, in milliseconds: total = queue + service + degrade; lateness belongs to service. */
export function serverTiming(x: Exchange, traceparent: string): string {
  const total = x.end - x.arrival;
  if (total === 0) return `${NOTHING}${traceparent}"`;
  const queue = Math.min(x.start, x.end) - x.arrival;
  const degrade = x.outcome === "answered" ? x.degradation : 0;
  const service = total - queue - degrade;
  return `queue;dur=${milliseconds(queue)}, service;dur=${
    milliseconds(service)
  }, degrade;dur=${milliseconds(degrade)}, total;dur=${
    milliseconds(total)
  }, traceparent;desc="${traceparent}"`;
}
