/**
 * What all exporters that push have in common: when they deliver, what they do while the receiver is down, and which
 * figures were delivered already.
 *
 * Nothing is queued. The figures lie in the server's metrics anyway, so a receiver that is down costs no memory: what it
 * missed is part of the next delivery that succeeds.
 *
 * @module
 */
export { DeliveryError, PushExporter, type PushOptions } from "./exporter.ts";
export { KeptExporter } from "./kept.ts";
export { type Change, Ledger, type Series } from "./ledger.ts";
export { messageOf } from "./message.ts";
export { nextTurn, sleep } from "./turns.ts";
export { wallTime } from "./wall_time.ts";
