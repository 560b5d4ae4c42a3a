/**
 * Counts and times of scenarios and their requests.
 *
 * @module
 */
import { Histogram } from "../../../core/plugin.ts";
import type { Order, RequestPlan } from "../order.ts";
import type { Traffic } from "../script/script.ts";

/** Counts and times of some requests. Those of several parts can be added up without loss. */
export class PartFigures {
  /** Number of requests sent. */
  started = 0;
  /** Number of responses with a status below 400. */
  completed = 0;
  /** Number of responses with a status of 400 or more, and of requests without a complete response. */
  failed = 0;
  /** Number of responses that passed their check. */
  passed = 0;
  /** Number of responses that failed their check. */
  missed = 0;
  /** Number of failures by kind: a status, or the reason for a missing response. */
  readonly failures: Map<string, number> = new Map();
  /** Time from the scheduled start to the last byte, in ms, of all responses and timeouts. */
  readonly responseTime: Histogram = new Histogram();
  /** Time from the actual send to the last byte, in ms, of all responses and timeouts. */
  readonly serviceTime: Histogram = new Histogram();
  /** Time from the actual send to the first byte, in ms. */
  readonly firstByte: Histogram = new Histogram();
  /** Time from the scheduled start to the actual send, in ms. */
  readonly startLag: Histogram = new Histogram();

  /** Counts the result of a request. */
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

  /** Adds the figures of another part. */
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

/** Maximum number of requests with figures of their own; a trace's further requests share one part. */
const MOST_PARTS = 200;

/** Name of the part of all further requests. */
export const OTHERS = "others";

/** Times of one interval, in ms. */
export interface IntervalTimes {
  /** Response time, from the scheduled start. */
  readonly responseTime: Histogram;
  /** Service time, from the actual send. */
  readonly serviceTime: Histogram;
  /** Start lag, from the scheduled start to the actual send. */
  readonly startLag: Histogram;
}

/** Figures of one scenario. For each request, call `started` and then `ended`, or else `dropped`. */
export class ScenarioFigures {
  /** Number of requests that were due but not sent. */
  droppedCount = 0;
  /** Number of requests sent. */
  startedCount = 0;
  /** Number of responses with a status below 400. */
  completedCount = 0;
  /** Number of failed requests. */
  failedCount = 0;
  /** Times since the last tick; the reader resets them. */
  readonly interval: IntervalTimes = {
    responseTime: new Histogram(),
    serviceTime: new Histogram(),
    startLag: new Histogram(),
  };
  /** Figures by request name; in a trace by method and path. */
  readonly parts: ReadonlyMap<string, PartFigures>;
  readonly #slots: readonly PartFigures[];
  #opened = NaN;
  #closed = NaN;

  constructor(
    /** Scenario of the figures. */
    readonly scenario: Traffic,
  ) {
    const parts = new Map<string, PartFigures>();
    this.#slots = scenario.requests.map(({ name }) => {
      const key = parts.has(name) || parts.size < MOST_PARTS ? name : OTHERS;
      let part = parts.get(key);
      if (part === undefined) parts.set(key, part = new PartFigures());
      return part;
    });
    this.parts = parts;
  }

  /** Returns the time that the scenario has sent until `now`, in ms; 0 if it has not begun. */
  sending(now: number): number {
    if (Number.isNaN(this.#opened)) return 0;
    return Math.max(0, (this.#closed || now) - this.#opened);
  }

  /** Records the time at which the scenario begins to send. */
  opened(at: number): void {
    this.#opened = at;
  }

  /** Records the time at which the scenario stops sending. */
  closed(at: number): void {
    this.#closed = at;
  }

  /** Counts a request that is sent. */
  started({ index }: RequestPlan): void {
    this.startedCount++;
    this.#slots[index].started++;
  }

  /** Counts a request that is due but not sent. */
  dropped(): void {
    this.droppedCount++;
  }

  /** Counts the result of a request. */
  ended(order: Order): void {
    const { started, ended, scheduled, error, status } = order;
    const { interval } = this;
    if (error === "" && status < 400) this.completedCount++;
    else this.failedCount++;
    if (error === "" || error === "timeout") {
      interval.responseTime.record(ended - scheduled);
      interval.serviceTime.record(ended - started);
    }
    interval.startLag.record(started > scheduled ? started - scheduled : 0);
    this.#slots[order.request.index].ended(order);
  }

  /** Returns the sum of all parts, or of those of one group or request name. */
  total(part?: string): PartFigures {
    const total = new PartFigures();
    if (part === undefined) {
      for (const figures of this.parts.values()) total.merge(figures);
      return total;
    }
    const merged = new Set<PartFigures>();
    for (const { index, name, group } of this.scenario.requests) {
      const slot = this.#slots[index];
      if (name !== part && group !== part || merged.has(slot)) continue;
      merged.add(slot);
      total.merge(slot);
    }
    return total;
  }
}
