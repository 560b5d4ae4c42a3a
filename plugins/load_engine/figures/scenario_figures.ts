/**
 * Counts and times of scenarios and their requests. Served and refused requests have times of their own: an error that
 * comes at once would otherwise make the percentiles of the rest look better.
 *
 * @module
 */
import { Histogram, type HistogramData } from "../../../core/plugin.ts";
import type { Order, RequestPlan } from "../order.ts";
import type { TimedFigure, Traffic } from "../script/script.ts";

/** Times of requests that ended alike, in ms. */
export class OutcomeTimes {
  /** Time from the scheduled start to the last byte. */
  readonly responseTime: Histogram = new Histogram();
  /** Time from the actual send to the last byte. */
  readonly serviceTime: Histogram = new Histogram();
  /** Time from the actual send to the first byte. */
  readonly firstByte: Histogram = new Histogram();

  /** Records the times of an order that has ended. */
  record({ scheduled, started, ended, firstByte }: Order): void {
    this.responseTime.record(ended - scheduled);
    this.serviceTime.record(ended - started);
    if (!Number.isNaN(firstByte)) this.firstByte.record(firstByte - started);
  }

  /** Adds the times of other requests. */
  merge(other: OutcomeTimes): this {
    this.responseTime.merge(other.responseTime);
    this.serviceTime.merge(other.serviceTime);
    this.firstByte.merge(other.firstByte);
    return this;
  }

  /** Content as JSON data, from which {@linkcode OutcomeTimes.from} makes equal times. */
  data(): TimesData {
    return {
      responseTime: this.responseTime.data(),
      serviceTime: this.serviceTime.data(),
      firstByte: this.firstByte.data(),
    };
  }

  /** Makes times from the data of others. */
  static from(
    { responseTime, serviceTime, firstByte }: TimesData,
  ): OutcomeTimes {
    const times = new OutcomeTimes();
    times.responseTime.merge(Histogram.from(responseTime));
    times.serviceTime.merge(Histogram.from(serviceTime));
    times.firstByte.merge(Histogram.from(firstByte));
    return times;
  }
}

/** Counts and times of some requests. Those of several parts can be added up without loss. */
export class PartFigures {
  /** Number of requests sent. */
  started = 0;
  /** Number of requests that were served: responses with a status below 400. */
  completed = 0;
  /** Number of responses with a status of 400 or more, and of requests without a complete response. */
  failed = 0;
  /** Number of responses with a status of 400 or more. */
  refused = 0;
  /** Number of requests that the end of the run or of the scenario cut off. */
  cut = 0;
  /** Number of responses that passed their check. */
  passed = 0;
  /** Number of responses that failed their check. */
  missed = 0;
  /** Number of failures by kind: a status, or the reason for a missing response. */
  readonly failures: Map<string, number> = new Map();
  /** Times of the requests that were served. */
  readonly servedTimes: OutcomeTimes = new OutcomeTimes();
  // Most runs have none of these.
  #refusedTimes: OutcomeTimes | undefined;
  #timedOut: OutcomeTimes | undefined;
  /** Time from the scheduled start to the actual send, in ms, of all requests. */
  readonly startLag: Histogram = new Histogram();

  /** Times of the requests that were refused. */
  get refusedTimes(): OutcomeTimes {
    return this.#refusedTimes ??= new OutcomeTimes();
  }

  /**
   * Times of the requests that were served or timed out: of all that waited for an answer as long as they could. Without the
   * timeouts the longest waits would be missing.
   */
  get waitedTimes(): OutcomeTimes {
    return this.#timedOut === undefined
      ? this.servedTimes
      : new OutcomeTimes().merge(this.servedTimes).merge(this.#timedOut);
  }

  /** Number of timeouts. */
  get timeouts(): number {
    return this.#timedOut?.responseTime.count ?? 0;
  }

  /** Returns the times of a figure, in ms. */
  times(figure: TimedFigure): Histogram {
    switch (figure) {
      case "served":
        return this.servedTimes.responseTime;
      case "refused":
        return this.refusedTimes.responseTime;
      case "startLag":
        return this.startLag;
      default:
        return this.waitedTimes[figure];
    }
  }

  /** Counts the result of a request. */
  ended(order: Order): void {
    const { started, status, error } = order;
    const lag = started - order.scheduled;
    this.startLag.record(lag > 0 ? lag : 0);
    if (error === "cut") {
      this.cut++;
      return;
    }
    if (error === "" && status < 400) {
      this.completed++;
      this.servedTimes.record(order);
    } else this.#failed(order);
    const { check } = order.request;
    if (check !== undefined) {
      const right = error === "" && order.bodyHeld &&
        (check.status?.includes(status) ?? true);
      if (right) this.passed++;
      else this.missed++;
    }
  }

  #failed(order: Order): void {
    const { status, error } = order;
    const kind = error === "" ? `${status}` : error;
    this.failed++;
    this.failures.set(kind, (this.failures.get(kind) ?? 0) + 1);
    if (error === "") {
      this.refused++;
      this.refusedTimes.record(order);
    } else if (error === "timeout") {
      this.#timedOut ??= new OutcomeTimes();
      this.#timedOut.record(order);
    }
  }

  /** Adds the figures of another part. */
  merge(other: PartFigures): void {
    this.started += other.started;
    this.completed += other.completed;
    this.failed += other.failed;
    this.refused += other.refused;
    this.cut += other.cut;
    this.passed += other.passed;
    this.missed += other.missed;
    for (const [kind, count] of other.failures) {
      this.failures.set(kind, (this.failures.get(kind) ?? 0) + count);
    }
    this.servedTimes.merge(other.servedTimes);
    if (other.#refusedTimes !== undefined) {
      this.refusedTimes.merge(other.#refusedTimes);
    }
    if (other.#timedOut !== undefined) {
      this.#timedOut ??= new OutcomeTimes();
      this.#timedOut.merge(other.#timedOut);
    }
    this.startLag.merge(other.startLag);
  }

  /** Content as JSON data, from which {@linkcode PartFigures.from} makes equal figures. */
  data(): PartData {
    const { started, completed, failed, refused, cut, passed, missed } = this;
    return {
      ...{ started, completed, failed, refused, cut, passed, missed },
      failures: Object.fromEntries(this.failures),
      servedTimes: this.servedTimes.data(),
      ...this.#refusedTimes !== undefined &&
        { refusedTimes: this.#refusedTimes.data() },
      ...this.#timedOut !== undefined && { timedOut: this.#timedOut.data() },
      startLag: this.startLag.data(),
    };
  }

  /** Makes figures from the data of others. */
  static from(
    { failures, servedTimes, refusedTimes, timedOut, startLag, ...counts }:
      PartData,
  ): PartFigures {
    const part = new PartFigures();
    Object.assign(part, counts);
    for (const [kind, count] of Object.entries(failures)) {
      part.failures.set(kind, count);
    }
    part.servedTimes.merge(OutcomeTimes.from(servedTimes));
    if (refusedTimes !== undefined) {
      part.#refusedTimes = OutcomeTimes.from(refusedTimes);
    }
    if (timedOut !== undefined) part.#timedOut = OutcomeTimes.from(timedOut);
    part.startLag.merge(Histogram.from(startLag));
    return part;
  }
}

/** Histograms of requests that ended alike, as JSON data. */
export interface TimesData {
  readonly responseTime: HistogramData;
  readonly serviceTime: HistogramData;
  readonly firstByte: HistogramData;
}

/** A {@linkcode PartFigures} as JSON data. */
export interface PartData {
  readonly started: number;
  readonly completed: number;
  readonly failed: number;
  readonly refused: number;
  readonly cut: number;
  readonly passed: number;
  readonly missed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly servedTimes: TimesData;
  /** Absent where no request was refused. */
  readonly refusedTimes?: TimesData;
  /** Absent where no request timed out. */
  readonly timedOut?: TimesData;
  readonly startLag: HistogramData;
}

/** A {@linkcode ScenarioFigures} as JSON data; times are in ms since the start of the run. */
export interface ScenarioData {
  readonly name: string;
  readonly executor: Traffic["executor"];
  /** Names and groups of its requests, each once. */
  readonly requests: readonly {
    readonly name: string;
    readonly group?: string;
  }[];
  /** Time at which it began to send; null before. */
  readonly opened: number | null;
  /** Time at which it stopped sending; null before. */
  readonly closed: number | null;
  readonly dropped: number;
  /** Figures by request. */
  readonly parts: Readonly<Record<string, PartData>>;
}

/** Maximum number of requests with figures of their own; a trace's further requests share one part. */
export const MOST_PARTS = 200;

/** Name of the part of all further requests. */
export const OTHERS = "others";

/** Times of one interval, in ms. */
export interface IntervalTimes {
  /** Response time, from the scheduled start, of requests that were served or timed out. */
  readonly responseTime: Histogram;
  /** Time from the actual send, of the same. */
  readonly serviceTime: Histogram;
  /** Start lag, from the scheduled start to the actual send, of all requests. */
  readonly startLag: Histogram;
}

/** Parts of a scenario that its figures name. */
export interface FiguredScenario extends Pick<Traffic, "name" | "executor"> {
  /** Requests in their order: name and group of each. */
  readonly requests: readonly Pick<RequestPlan, "name" | "group">[];
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
  /** Number of failed requests that were answered with a status of 400 or more. */
  refusedCount = 0;
  /** Number of requests that the end of the run or of the scenario cut off. */
  cutCount = 0;
  /** Times since the last tick; the reader resets them. */
  readonly interval: IntervalTimes = {
    responseTime: new Histogram(),
    serviceTime: new Histogram(),
    startLag: new Histogram(),
  };
  /** Figures by request name; in a trace by method and path. */
  readonly parts: ReadonlyMap<string, PartFigures>;
  readonly #slots: readonly PartFigures[];
  /** Time at which the scenario began to send; NaN before. */
  #opened = NaN;
  /** Time at which it stopped sending; NaN before. */
  #closed = NaN;

  constructor(
    /** Scenario of the figures. */
    readonly scenario: FiguredScenario,
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

  /**
   * Returns the time that the scenario has sent until `now`, in ms; 0 if it has not begun. A replay ends with its last arrival: the
   * gap that would follow it is taken as the mean of the others, so that ten arrivals at 10/s are not counted in 0.9 s.
   */
  sending(now: number): number {
    if (Number.isNaN(this.#opened)) return 0;
    const end = Number.isNaN(this.#closed) ? now : this.#closed;
    const time = Math.max(0, end - this.#opened);
    if (this.scenario.executor !== "replay") return time;
    const arrivals = this.startedCount + this.droppedCount;
    return arrivals < 2 ? 0 : time * arrivals / (arrivals - 1);
  }

  /** Records the time at which the scenario begins to send. */
  opened(at: number): void {
    this.#opened = at;
  }

  /** Records the time at which the scenario stops sending. */
  closed(at: number): void {
    this.#closed = at;
  }

  /**
   * Content as JSON data, which {@linkcode ScenarioFigures.merge} adds up without loss.
   *
   * @param origin time that times are counted from: the start of the run
   */
  data(origin: number): ScenarioData {
    const since = (time: number) => Number.isNaN(time) ? null : time - origin;
    const { name, executor, requests } = this.scenario;
    const named = new Map<string, ScenarioData["requests"][number]>();
    for (const { name, group } of requests) {
      const key = this.parts.has(name) ? name : OTHERS;
      const of = { name: key, ...group !== undefined && { group } };
      named.set(JSON.stringify(of), of);
    }
    return {
      name,
      executor,
      requests: [...named.values()],
      opened: since(this.#opened),
      closed: since(this.#closed),
      dropped: this.droppedCount,
      parts: Object.fromEntries(
        [...this.parts].map(([key, part]) => [key, part.data()]),
      ),
    };
  }

  /**
   * Adds the figures of another share of the same scenario.
   *
   * @param origin time that is the start of the run
   */
  merge(data: ScenarioData, origin = 0): void {
    const { opened, closed, dropped, parts } = data;
    if (opened !== null) {
      const at = origin + opened;
      this.#opened = this.#opened <= at ? this.#opened : at;
    }
    // A share that still sends has no end, and neither has the whole then.
    if (closed !== null) {
      const at = origin + closed;
      this.#closed = this.#closed >= at ? this.#closed : at;
    }
    this.droppedCount += dropped;
    for (const [name, part] of Object.entries(parts)) {
      const own = this.parts.get(name) ?? this.parts.get(OTHERS);
      if (own === undefined) continue;
      const other = PartFigures.from(part);
      own.merge(other);
      this.startedCount += other.started;
      this.completedCount += other.completed;
      this.failedCount += other.failed;
      this.refusedCount += other.refused;
      this.cutCount += other.cut;
    }
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
    const served = error === "" && status < 400;
    if (served) this.completedCount++;
    else if (error === "cut") this.cutCount++;
    else {
      this.failedCount++;
      if (error === "") this.refusedCount++;
    }
    if (served || error === "timeout") {
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
    for (const [index, { name, group }] of this.scenario.requests.entries()) {
      const slot = this.#slots[index];
      if (name !== part && group !== part || merged.has(slot)) continue;
      merged.add(slot);
      total.merge(slot);
    }
    return total;
  }
}
