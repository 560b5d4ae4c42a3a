/**
 * The scenarios of a script that send requests, with their figures: on a load thread or in virtual time.
 *
 * @module
 */
import type {
  LoadProgress,
  LoadResult,
  LoadScenarioProgress,
  LoadSummary,
} from "../../../core/load.ts";
import { Histogram } from "../../../core/plugin.ts";
import { hgrm, summaryTable, timeSeriesCsv } from "../figures/formats.ts";
import { ScenarioFigures } from "../figures/scenario_figures.ts";
import { isCurtailed, lateness } from "../figures/share.ts";
import { SHARE_VERSION, type ShareData } from "../figures/share_data.ts";
import { judge, summarize } from "../figures/summary.ts";
import {
  quantilesOf,
  type TickTimes,
  TimeSeries,
  valueCounts,
} from "../figures/time_series.ts";
import type { Environment } from "../order.ts";
import { notesOnShare } from "../script/notes.ts";
import type { Modulate, Scenario, Script, Traffic } from "../script/script.ts";
import { SharedIterationsRun, VirtualUsersRun } from "./_closed.ts";
import { ArrivalRateRun, ReplayRun } from "./_open.ts";
import type { RunContext, TrafficRun } from "./_traffic_run.ts";

/** Default interval of progress reports, in ms. */
const TICK = 1000;

/** Time after an agreed start up to which a run catches up with what is due, in ms; of a later one it is dropped. */
const LATE = 100;

/** Default reason of a stopped run. */
const STOPPED = "it was stopped";

/** Receiver of a run's reports. */
export interface RunWatcher {
  /** True if the result contains the complete figures, as it does of a share in any case. Default false. */
  readonly complete?: boolean;
  /** Interval of progress reports, in ms. Default 1000. */
  readonly interval?: number;
  /**
   * Reports progress once in each interval.
   *
   * @param progress state of all scenarios
   * @param times computes the times of the interval by scenario name; valid until `tick` returns
   */
  tick?(progress: LoadProgress, times: () => Record<string, TickTimes>): void;
  /** Reports the result, once, after the last order has ended. */
  ended(result: LoadResult): void;
}

/** The run of all scenarios of a script that send requests. */
export class LoadRun {
  readonly #script: Script;
  readonly #environment: Environment;
  readonly #watcher: RunWatcher;
  readonly #runs: readonly TrafficRun[];
  readonly #figures: readonly ScenarioFigures[];
  readonly #series = new TimeSeries();
  readonly #duration: number | null;
  readonly #interval: number;
  #last: readonly LoadScenarioProgress[] = [];
  #lastAt = 0;
  #started = 0;
  #pending: number;
  #timer = 0;
  #aborted: string | undefined;
  #late = 0;
  #over = false;

  /** @param script a valid script; of scenarios that send nothing only the duration matters */
  constructor(script: Script, environment: Environment, watcher: RunWatcher) {
    this.#script = script;
    this.#environment = environment;
    this.#watcher = watcher;
    this.#duration = plannedDuration(script);
    this.#interval = watcher.interval ?? TICK;
    const traffic = script.scenarios.filter(isTraffic);
    this.#figures = traffic.map((scenario) => new ScenarioFigures(scenario));
    const ended = () => {
      if (--this.#pending === 0) this.#end();
    };
    this.#runs = traffic.map((scenario, index) =>
      createRun(scenario, {
        environment,
        figures: this.#figures[index],
        segment: script.segment,
        ended,
      })
    );
    this.#pending = this.#runs.length;
  }

  /**
   * Starts now, or at an agreed moment. Never reports its end before it has returned.
   *
   * @param origin agreed start, on the clock. If it has passed, what was due since then is dropped. Default now
   */
  start(origin?: number): void {
    const { clock } = this.#environment;
    const now = clock.now();
    this.#started = this.#lastAt = origin ?? now;
    const late = now - this.#started;
    if (late > LATE) this.#late = late;
    for (const run of this.#runs) {
      run.begin(this.#started, this.#late > 0 ? now : undefined);
    }
    this.#timer = clock.at(this.#started + this.#interval, tick, this);
    if (this.#pending > 0) return;
    this.#pending = 1;
    clock.at(this.#started + lengthOf(this.#script), ended, this);
  }

  /** Sends nothing more. Active requests may continue for their scenario's graceful stop. */
  stop(why: string = STOPPED): void {
    this.#aborted ??= why;
    for (const run of this.#runs) run.close();
    if (this.#runs.length === 0) this.#end();
  }

  /** Ends the run now and cuts all active requests. */
  cut(why: string = STOPPED): void {
    this.#aborted ??= why;
    for (const run of this.#runs) run.cut();
    if (this.#runs.length === 0) this.#end();
  }

  /** Summary so far. */
  get summary(): LoadSummary {
    const now = this.#environment.clock.now();
    const { segment, notes } = this.#script;
    return summarize(
      {
        ...this.#script,
        notes: [
          ...notesOnShare(segment),
          ...this.#late > 0 ? [lateness("this run", this.#late)] : [],
          ...notes,
        ],
      },
      this.#figures,
      {
        duration: now - this.#started,
        aborted: this.#aborted,
        now,
        incomplete: this.#late > 0 && isCurtailed(this.share),
      },
    );
  }

  /** Figures so far, complete, to be added to those of other shares. */
  get share(): ShareData {
    const { segment, name, seed, digests, target, thresholds, notes } =
      this.#script;
    return {
      version: SHARE_VERSION,
      ...{ segment, name, seed, digests, thresholds, notes },
      target: target?.href ?? null,
      // The server's thread knows the time by the clock on the wall.
      start: null,
      duration: this.#environment.clock.now() - this.#started,
      aborted: this.#aborted ?? null,
      late: this.#late,
      scenarios: this.#figures.map((figures) => figures.data(this.#started)),
      points: this.#over ? this.#series.points() : [],
    };
  }

  tick(): void {
    const { clock } = this.#environment;
    this.#report();
    for (const threshold of this.#script.thresholds) {
      if (!threshold.abortOnFail) continue;
      if (clock.now() - this.#started < threshold.after) continue;
      const { metric, expression, actual, ok } = judge(
        threshold,
        this.#figures,
      );
      // A figure without a value may still get one.
      if (!ok && actual !== null) this.cut(`${metric} ${expression}`);
    }
    if (this.#over) return;
    const interval = this.#interval;
    const ticks = Math.floor((clock.now() - this.#started) / interval) + 1;
    this.#timer = clock.at(this.#started + ticks * interval, tick, this);
  }

  /** Reports progress and begins another interval. */
  #report(): void {
    const now = this.#environment.clock.now();
    const span = now - this.#lastAt;
    const scenarios = this.#runs.map((run, index) =>
      progressOf(run, this.#figures[index], {
        before: this.#last[index]?.started ?? 0,
        span,
      })
    );
    const before = this.#last;
    const elapsed = now - this.#started;
    this.#series.add(scenarios.map((scenario, index) => {
      const { name, inFlight } = scenario;
      const since = (key: Count) => scenario[key] - (before[index]?.[key] ?? 0);
      return {
        at: elapsed,
        span,
        scenario: name,
        scheduled: since("scheduled"),
        started: since("started"),
        dropped: since("dropped"),
        completed: since("completed"),
        failed: since("failed"),
        refused: since("refused"),
        cut: since("cut"),
        inFlight,
        ...quantilesOf(this.#figures[index].interval.responseTime),
      };
    }));
    this.#last = scenarios;
    this.#lastAt = now;
    this.#watcher.tick?.(
      { elapsed, duration: this.#duration, scenarios },
      () => this.#times(),
    );
    for (const { interval } of this.#figures) {
      interval.responseTime.reset();
      interval.serviceTime.reset();
      interval.startLag.reset();
    }
  }

  #times(): Record<string, TickTimes> {
    return Object.fromEntries(
      this.#figures.map(({ scenario, interval }) => [scenario.name, {
        responseTime: valueCounts(interval.responseTime),
        serviceTime: valueCounts(interval.serviceTime),
        startLag: valueCounts(interval.startLag),
      }]),
    );
  }

  ended(): void {
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#environment.clock.cancel(this.#timer);
    this.#report();
    const all = new Histogram();
    for (const figures of this.#figures) {
      all.merge(figures.total().times("responseTime"));
    }
    const { summary } = this;
    this.#watcher.ended({
      summary,
      table: summaryTable(summary),
      csv: timeSeriesCsv(this.#series.points()),
      hgrm: hgrm(all),
      ...(this.#watcher.complete === true || this.#script.segment.count > 1) &&
        { share: this.share },
    });
  }
}

type Count =
  | "scheduled"
  | "started"
  | "dropped"
  | "completed"
  | "failed"
  | "refused"
  | "cut";

function tick(run: LoadRun): void {
  run.tick();
}

function ended(run: LoadRun): void {
  run.ended();
}

/** Duration of a script whose scenarios send nothing, in ms. */
function lengthOf({ scenarios }: Script): number {
  return Math.max(
    0,
    ...scenarios.map((scenario) =>
      scenario.executor === "modulate" && scenario.duration < Infinity
        ? endOf(scenario)
        : 0
    ),
  );
}

/**
 * Returns the time from the start to the planned end of the last scenario, in ms, without waiting for the last answers; null where a
 * scenario ends when its turns are done. A scenario that only changes the server ends with those that send.
 */
export function plannedDuration(script: Script): number | null {
  const traffic = script.scenarios.filter(isTraffic);
  if (traffic.length === 0) return lengthOf(script);
  const end = Math.max(...traffic.map(endOf));
  return end < Infinity ? end : null;
}

/** Planned end of a scenario, in ms since the start of the run; Infinity where it has none. */
function endOf(scenario: Traffic | Modulate): number {
  const { start } = scenario;
  return scenario.executor === "replay"
    ? start + (scenario.times.at(-1) ?? 0)
    : start + scenario.duration;
}

/** Returns whether a scenario sends requests. */
export function isTraffic(scenario: Scenario): scenario is Traffic {
  return scenario.executor !== "modulate" && scenario.executor !== "stress";
}

function createRun(scenario: Traffic, context: RunContext): TrafficRun {
  switch (scenario.executor) {
    case "arrival-rate":
      return new ArrivalRateRun(scenario, context);
    case "virtual-users":
      return new VirtualUsersRun(scenario, context);
    case "shared-iterations":
      return new SharedIterationsRun(scenario, context);
    case "replay":
      return new ReplayRun(scenario, context);
  }
}

function progressOf(
  run: TrafficRun,
  figures: ScenarioFigures,
  { before, span }: { readonly before: number; readonly span: number },
): LoadScenarioProgress {
  const { startedCount, droppedCount, completedCount, failedCount } = figures;
  const { refusedCount, cutCount } = figures;
  const { p50, p95, p99 } = quantilesOf(figures.interval.responseTime);
  const orNull = (value: number) => Number.isNaN(value) ? null : value;
  return {
    name: run.scenario.name,
    state: run.state,
    scheduled: startedCount + droppedCount,
    started: startedCount,
    dropped: droppedCount,
    completed: completedCount,
    failed: failedCount,
    refused: refusedCount,
    cut: cutCount,
    inFlight: run.inFlight,
    targetRate: run.targetRate ?? null,
    users: run.users ?? null,
    rate: span > 0 ? (startedCount - before) / span * 1000 : 0,
    p50: orNull(p50),
    p95: orNull(p95),
    p99: orNull(p99),
  };
}
