/**
 * What is counted of one kind of request.
 *
 * @module
 */
import { Histogram } from "../../../core/load.ts";
import type { Order } from "../executors/mod.ts";

/** Counts and times of some requests; those of several can be added up without loss. */
export class PartFigures {
  /** Requests that were sent. */
  started = 0;
  /** Those that came to an answer below 400. */
  completed = 0;
  /** Those that did not. */
  failed = 0;
  /** Answers that were as expected. */
  passed = 0;
  /** Answers that were not. */
  missed = 0;
  /** How many failed, by kind: a status, or why there was no answer. */
  readonly failures: Map<string, number> = new Map();
  /** From the scheduled start to the last byte, in ms; of all answers and time-outs. */
  readonly responseTime: Histogram = new Histogram();
  /** From the actual send to the last byte, in ms; of the same. */
  readonly serviceTime: Histogram = new Histogram();
  /** From the actual send to the first byte, in ms. */
  readonly firstByte: Histogram = new Histogram();
  /** From the scheduled start to the actual send, in ms. */
  readonly startLag: Histogram = new Histogram();

  /** Counts what came of a request. */
  ended(order: Order): void {
    const { started, ended, firstByte, status, error } = order;
    if (error === "" && status < 400) this.completed++;
    else {
      const kind = error === "" ? `${status}` : error;
      this.failed++;
      this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
    }
    const lag = started - order.scheduled;
    this.startLag.record(lag > 0 ? lag : 0);
    if (!Number.isNaN(firstByte)) this.firstByte.record(firstByte - started);
    if (error === "" || error === "timeout") {
      this.responseTime.record(ended - order.scheduled);
      this.serviceTime.record(ended - started);
    }
    const { check } = order.request;
    if (check !== undefined) {
      const right = error === "" && order.bodyHeld &&
        (check.status?.includes(status) ?? true);
      if (right) this.passed++;
      else this.missed++;
    }
  }

  /** Adds another's. */
  merge(other: PartFigures): void {
    this.started += other.started;
    this.completed += other.completed;
    this.failed += other.failed;
    this.passed += other.passed;
    this.missed += other.missed;
    for (const [kind, count] of other.failures) {
      this.failures.set(kind, (this.failures.get(kind) ?? 0) + count);
    }
    this.responseTime.merge(other.responseTime);
    this.serviceTime.merge(other.serviceTime);
    this.firstByte.merge(other.firstByte);
    this.startLag.merge(other.startLag);
  }
}
