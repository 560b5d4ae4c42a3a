/**
 * All scenarios of a server: their caps, their figures, and their end with the server. Outlives revisions of the configuration.
 *
 * @module
 */
import {
  type Clock,
  type Host,
  type Issue,
  type Key,
  type Metrics,
  PerfmockError,
} from "../../core/plugin.ts";
import {
  type Amounts,
  capsOf,
  excess,
  mebibytes,
  type StressOptions,
  sum,
} from "./caps.ts";
import { LatenessWatch } from "./lateness.ts";
import {
  type Machine,
  readAvailableMemory,
  readMachine,
} from "./read_machine.ts";
import { Scenario, type ScenarioReport } from "./scenario.ts";
import {
  amountsOf,
  type Resource,
  RESOURCES,
  type ScenarioSettings,
} from "./settings.ts";

/** Maximum number of ended scenarios that are remembered. */
export const MAX_ENDED = 20;

/** Suggestion for a scenario that asks for all cores. */
const SPARE =
  "Set spareCore of plugin resource_stress to false, to take the event loop's core too";

/** Share of the machine that running scenarios take. Reads are synchronous and cheap; without scenarios everything is 0. */
export interface PressureSource {
  /** CPU that scenarios aim at, as a share of what they may take, 0…1. */
  cpu(): number;
  /** Memory that scenarios hold, as a share of what they may hold, 0…1. */
  memory(): number;
  /** Memory that scenarios hold, in bytes; every page has been written to. */
  heldBytes(): number;
  /** Share of time for which scenarios aim to block the event loop by the clock, 0…1; blocks per request are not included. */
  eventLoop(): number;
  /** True while a scenario that grows stays at its limit. */
  exhausted(): boolean;
  /** Number of times that scenarios have reached their limit and begun again from nothing; never falls. */
  restarts(): number;
}

/** Key of the present pressure, for other plugins. Not provided in sessions, which have no stress. */
export const PRESSURE: Key<PressureSource> = {
  name: "resource_stress.pressure",
};

/** Parts that change with a revision. */
interface Current {
  readonly options: StressOptions;
  readonly machine: Machine;
  readonly log: Host["log"];
}

/** The scenarios of a server. */
export class Stress implements PressureSource, AsyncDisposable {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #running = new Map<string, Scenario>();
  /** Scenarios that were told to end and have not released everything yet. */
  readonly #ending = new Set<Scenario>();
  readonly #ended: ScenarioReport[] = [];
  #current: Current;
  #perRequest: readonly Scenario[] = [];
  #started = 0;
  #pastRestarts = 0;
  #disposed = false;

  /**
   * Starts without scenarios.
   *
   * @param host host of the plugin
   * @param options options of the plugin
   */
  constructor(host: Host, options: StressOptions) {
    this.#clock = host.clock;
    this.#metrics = host.metrics;
    this.#current = { options, machine: readMachine(), log: host.log };
    followGauges(host.metrics, this);
  }

  /** Applies the options of a new revision. Running scenarios continue. */
  adopt(host: Host, options: StressOptions): void {
    this.#current = { ...this.#current, options, log: host.log };
  }

  /** Caps on all scenarios together. */
  get caps(): Amounts {
    return capsOf(this.#current.machine, this.#current.options);
  }

  /** Figures of the machine that are unknown, one sentence each. */
  get unknown(): readonly string[] {
    return this.#current.machine.unknown;
  }

  /** Running scenarios. */
  get running(): Iterable<Scenario> {
    return this.#running.values();
  }

  /** The last 20 scenarios that have ended, the latest first. */
  get ended(): readonly ScenarioReport[] {
    return this.#ended;
  }

  /** Figures of a scenario that runs or is remembered. */
  find(id: string): ScenarioReport | undefined {
    return this.#running.get(id)?.report() ??
      this.#ended.find((report) => report.id === id);
  }

  /** Issues with starting a scenario that asks for these amounts now. */
  checkCaps(asked: Amounts): Issue[] {
    const issues = excess(asked, this.#taken(), this.caps).map((issue) =>
      issue.path === "/cpu/workers" && this.#current.options.spareCore
        ? { ...issue, suggestion: SPARE }
        : issue
    );
    const available = readAvailableMemory() ?? Infinity;
    if (
      asked.memory > available &&
      !issues.some(({ path }) => path === "/memory/size")
    ) {
      issues.push({
        path: "/memory/size",
        message: `Cannot take ${
          mebibytes(asked.memory)
        }: the machine has less than that to give`,
        allowed: `at most ${mebibytes(available)} now`,
      });
    }
    return issues;
  }

  /**
   * Starts a scenario.
   *
   * @throws PerfmockError `ARGUMENT_INVALID` if it cannot be started; nothing runs then
   */
  start(settings: ScenarioSettings, owner: string): Scenario {
    if (this.#disposed) throw refused(": the server has ended");
    const granted = amountsOf(settings);
    const issues = this.checkCaps(granted);
    if (issues.length > 0) throw refused("", issues);
    const { machine, log } = this.#current;
    let scenario: Scenario;
    try {
      scenario = new Scenario({
        id: `stress-${++this.#started}`,
        owner,
        settings,
        granted,
        warnings: this.#warnings(granted),
        clock: this.#clock,
        threadTimes: machine.threadTimes,
        lateness: new LatenessWatch(this.#metrics),
        ending: (scenario) => this.#noteEnd(scenario),
        ended: (scenario) => this.#remove(scenario),
      });
    } catch (error) {
      throw refused(
        `: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    this.#running.set(scenario.id, scenario);
    this.#updatePerRequest();
    log("info", `Stress began: ${scenario.describe()}`);
    for (const warning of scenario.report().warnings) log("warn", warning);
    return scenario;
  }

  /** Renews the lease of a scenario; returns undefined if none runs under this id. */
  renew(id: string): Scenario | undefined {
    const scenario = this.#running.get(id);
    if (scenario?.leased) scenario.renew();
    return scenario;
  }

  /** Ends a scenario. Resolves when everything is released; to undefined if none runs under this id. */
  async stop(id: string): Promise<ScenarioReport | undefined> {
    const scenario = this.#running.get(id);
    if (scenario === undefined) return undefined;
    await scenario.stop("it was told to");
    return scenario.report();
  }

  /** Ends all scenarios. Resolves to their last figures when these and all that were ending already have released everything. */
  async stopAll(reason = "it was told to"): Promise<ScenarioReport[]> {
    const all = [...this.#running.values()];
    const stopped = [...all, ...this.#ending].map((scenario) =>
      scenario.stop(reason)
    );
    await Promise.all(stopped);
    return all.map((scenario) => scenario.report());
  }

  /**
   * Blocks the event loop at the start of a request's service if a scenario demands it.
   *
   * @returns length of the block, in ms
   */
  block(): number {
    if (this.#perRequest.length === 0) return 0;
    let blocked = 0;
    for (const scenario of this.#perRequest) {
      if (scenario.continues()) blocked += scenario.perRequest?.block() ?? 0;
    }
    return blocked;
  }

  /** Target of a resource as a share of its cap, 0…1. */
  target(resource: Resource): number {
    return this.#share(resource, (stress) => stress.target);
  }

  /** Amount reached over the last seconds as a share of its cap, 0…1. */
  actual(resource: Resource): number {
    return this.#share(resource, (stress) => stress.achieved);
  }

  cpu(): number {
    return this.target("cpu");
  }

  memory(): number {
    return this.actual("memory");
  }

  heldBytes(): number {
    return this.#total("memory", (stress) => stress.achieved);
  }

  eventLoop(): number {
    return Math.min(1, this.#total("eventLoop", (stress) => stress.target));
  }

  exhausted(): boolean {
    return this.#running.values().some((scenario) => scenario.exhausted);
  }

  restarts(): number {
    return this.#all().reduce(
      (all, scenario) => all + scenario.restarts,
      this.#pastRestarts,
    );
  }

  /** Ends all scenarios, since the server ends or the plugin was turned off. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.stopAll("the server ended");
  }

  /** All scenarios that hold anything. */
  *#all(): Generator<Scenario> {
    yield* this.#running.values();
    yield* this.#ending;
  }

  #taken(): Amounts {
    return sum(this.#all().map(({ granted }) => granted));
  }

  #warnings(granted: Amounts): string[] {
    const { machine, options } = this.#current;
    const threads = this.#taken().threads + granted.threads;
    if (granted.threads === 0 || options.spareCore || threads < machine.cores) {
      return [];
    }
    return [
      `CPU stress takes the event loop's core: ${threads} ${
        threads === 1 ? "thread" : "threads"
      } on ${machine.cores} cores, so responses will be late; lateness says by how much`,
    ];
  }

  #noteEnd(scenario: Scenario): void {
    const report = scenario.report();
    this.#running.delete(scenario.id);
    this.#ending.add(scenario);
    this.#ended.unshift(report);
    this.#ended.length = Math.min(this.#ended.length, MAX_ENDED);
    this.#updatePerRequest();
    const { beforeP99Ms: before, duringP99Ms: during } = report.lateness;
    const late = during === null
      ? ""
      : `; lateness p99 was ${milliseconds(before)} before and ${
        milliseconds(during)
      } during it`;
    this.#current.log(
      report.reason?.startsWith("a thread failed") ? "error" : "info",
      `Stress ${scenario.id} ended: ${report.reason}${late}`,
    );
  }

  /** Only now can other scenarios take the amounts that were granted to this one. */
  #remove(scenario: Scenario): void {
    this.#ending.delete(scenario);
    this.#pastRestarts += scenario.restarts;
  }

  #updatePerRequest(): void {
    this.#perRequest = [...this.#running.values()].filter((scenario) =>
      scenario.perRequest !== undefined
    );
  }

  #total(
    resource: Resource,
    of: (stress: { target: number; achieved: number }) => number,
  ): number {
    let total = 0;
    for (const scenario of this.#all()) {
      for (const stress of scenario.stresses) {
        if (stress.resource === resource) total += of(stress);
      }
    }
    return total;
  }

  #share(
    resource: Resource,
    of: (stress: { target: number; achieved: number }) => number,
  ): number {
    const total = this.#total(resource, of);
    if (total === 0) return 0;
    const { cores, memory, garbage } = this.caps;
    const caps = {
      cpu: cores,
      memory,
      // The unit is already a share of the event loop's time.
      eventLoop: 1,
      allocation: garbage,
    };
    return Math.min(1, total / caps[resource]);
  }
}

function refused(why: string, issues: readonly Issue[] = []): PerfmockError {
  return new PerfmockError(
    "ARGUMENT_INVALID",
    `Cannot start scenario${why}`,
    issues,
  );
}

function milliseconds(value: number | null): string {
  return value === null ? "unknown" : `${value.toFixed(2)} ms`;
}

/** Resources as labels of metrics. */
const LABELS: Readonly<Record<Resource, string>> = {
  cpu: "cpu",
  memory: "memory",
  eventLoop: "event_loop",
  allocation: "allocation",
};

/** Makes the gauges, which show the present figures from now on. */
function followGauges(metrics: Metrics, stress: Stress): void {
  const gauge = (name: string, help: string, merge: "sum" | "mean") =>
    metrics.gauge({
      name: `perfmock_stress_${name}`,
      help,
      labels: ["resource"],
      merge,
    });
  const target = gauge(
    "target_ratio",
    "What stress scenarios aim at, as a share of what they may take together",
    "mean",
  );
  const actual = gauge(
    "actual_ratio",
    "What stress scenarios took over the last 5 s, as a share of what they may take together",
    "mean",
  );
  for (const resource of RESOURCES) {
    target.series(LABELS[resource]).follow(() => stress.target(resource));
    actual.series(LABELS[resource]).follow(() => stress.actual(resource));
  }
  gauge(
    "held_bytes",
    "Memory that stress scenarios hold, every page touched",
    "sum",
  ).series(LABELS.memory).follow(() => stress.heldBytes());
}
