/**
 * What is counted of one kind of request.
 *
 * @module
 */
import { Histogram } from "../../../core/plugin.ts";
import type { Order, RequestPlan } from "../order.ts";
import type { Traffic } from "../script/script.ts";

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

/** How many requests have figures of their own; what a trace has beyond is added up in one. */
const MOST_PARTS = 200;

/** The name of what is beyond. */
export const OTHERS = "others";

/** The times of one interval. */
export interface IntervalTimes {
  /** From the scheduled start. */
  readonly responseTime: Histogram;
  /** From the actual send. */
  readonly serviceTime: Histogram;
  /** Between these. */
  readonly startLag: Histogram;
}

/** Counts for a scenario. The order in which it is told: started, then ended; or dropped. */
export class ScenarioFigures {
  /** Requests that were due and not sent. */
  droppedCount = 0;
  /** Requests that were sent. */
  startedCount = 0;
  /** Requests that have ended well. */
  completedCount = 0;
  /** Requests that have failed. */
  failedCount = 0;
  /** The times since the last look; who looks resets them. */
  readonly interval: IntervalTimes = {
    responseTime: new Histogram(),
    serviceTime: new Histogram(),
    startLag: new Histogram(),
  };
  /** The figures of each request, or of each name in a trace. */
  readonly parts: ReadonlyMap<string, PartFigures>;
  readonly #slots: readonly PartFigures[];
  #opened = NaN;
  #closed = NaN;

  constructor(
    /** Whose figures they are. */
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

  /** How long it has sent, in ms, up to a time on the clock; 0 where it has not begun. */
  sending(now: number): number {
    if (Number.isNaN(this.#opened)) return 0;
    return Math.max(0, (this.#closed || now) - this.#opened);
  }

  /** It begins to send. */
  opened(at: number): void {
    this.#opened = at;
  }

  /** It sends no more. */
  closed(at: number): void {
    this.#closed = at;
  }

  /** A request is sent. */
  started({ index }: RequestPlan): void {
    this.startedCount++;
    this.#slots[index].started++;
  }

  /** A request was due and is not sent. */
  dropped(): void {
    this.droppedCount++;
  }

  /** What came of a request. */
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

  /** All parts added up, or those of one group or name. */
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
