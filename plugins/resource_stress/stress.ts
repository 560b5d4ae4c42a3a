/**
 * All scenarios of a server: what they may take together, and that they end with it. It outlives revisions of the configuration.
 *
 * @module
 */
import type { Clock, Host, Issue, Metrics } from "../../core/plugin.ts";
import { type Amounts, capsOf, excess, mebibytes, sum } from "./caps.ts";
import { StressRefused } from "./faults.ts";
import { LatenessWatch } from "./lateness.ts";
import type { PressureSource } from "./pressure.ts";
import {
  type Machine,
  readAvailableMemory,
  readMachine,
} from "./read_machine.ts";
import { Scenario, type ScenarioReport } from "./scenario.ts";
import { followGauges } from "./series.ts";
import {
  amountsOf,
  type Resource,
  type ScenarioSettings,
  type StressOptions,
} from "./settings.ts";

/** How many scenarios that have ended are remembered. */
const REMEMBERED = 20;

/** What who asks for all cores is told. */
const SPARE =
  "Set spareCore of plugin resource_stress to false, to take the event loop's core too";

/** What changes with a revision. */
interface Ground {
  readonly options: StressOptions;
  readonly machine: Machine;
  readonly log: Host["log"];
}

/** The scenarios of a server. */
export class Stress implements PressureSource, AsyncDisposable {
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #running = new Map<string, Scenario>();
  /** Those that were told to end and have not given everything back yet. */
  readonly #ending = new Set<Scenario>();
  readonly #ended: ScenarioReport[] = [];
  #ground: Ground;
  #perRequest: readonly Scenario[] = [];
  #started = 0;
  #pastRestarts = 0;
  #disposed = false;

  /** Starts nothing. */
  constructor(host: Host, options: StressOptions) {
    this.#clock = host.clock;
    this.#metrics = host.metrics;
    this.#ground = { options, machine: readMachine(), log: host.log };
    followGauges(host.metrics, this);
  }

  /** A revision takes over: from now on its caps hold. What runs goes on. */
  adopt(host: Host, options: StressOptions): void {
    this.#ground = { ...this.#ground, options, log: host.log };
  }

  /** How much may be taken. */
  get caps(): Amounts {
    return capsOf(this.#ground.machine, this.#ground.options);
  }

  /** What of the machine cannot be known. */
  get unknown(): readonly string[] {
    return this.#ground.machine.unknown;
  }

  /** The scenarios that run. */
  get running(): Iterable<Scenario> {
    return this.#running.values();
  }

  /** The latest scenarios that have ended, the last one first. */
  get ended(): readonly ScenarioReport[] {
    return this.#ended;
  }

  /** The figures of a scenario that runs, or ended of late. */
  find(id: string): ScenarioReport | undefined {
    return this.#running.get(id)?.report() ??
      this.#ended.find((report) => report.id === id);
  }

  /** The faults of asking for so much now. */
  judge(asked: Amounts): Issue[] {
    const faults = excess(asked, this.#taken(), this.caps).map((fault) =>
      fault.path === "/cpu/workers" && this.#ground.options.spareCore
        ? { ...fault, suggestion: SPARE }
        : fault
    );
    const available = readAvailableMemory() ?? Infinity;
    if (
      asked.memory > available &&
      !faults.some(({ path }) => path === "/memory/size")
    ) {
      faults.push({
        path: "/memory/size",
        message: `Cannot take ${
          mebibytes(asked.memory)
        }: the machine has less than that to give`,
        allowed: `at most ${mebibytes(available)} now`,
      });
    }
    return faults;
  }

  /**
   * Starts a scenario, which was judged.
   *
   * @throws StressRefused where it cannot be started; nothing runs then
   */
  start(settings: ScenarioSettings, owner: string): Scenario {
    if (this.#disposed) {
      throw new StressRefused("Cannot start scenario: the server has ended");
    }
    const granted = amountsOf(settings);
    const faults = this.judge(granted);
    if (faults.length > 0) {
      throw new StressRefused("Cannot start scenario", faults);
    }
    const { machine, log } = this.#ground;
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
        ending: (scenario) => this.#note(scenario),
        ended: (scenario) => this.#remove(scenario),
      });
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      throw new StressRefused(`Cannot start scenario: ${cause}`);
    }
    this.#running.set(scenario.id, scenario);
    this.#changed();
    log("info", `Stress began: ${scenario.inWords()}`);
    for (const warning of scenario.report().warnings) log("warn", warning);
    return scenario;
  }

  /** Renews the lease of a scenario; undefined where none runs under this id. */
  renew(id: string): Scenario | undefined {
    const scenario = this.#running.get(id);
    if (scenario?.leased) scenario.renew();
    return scenario;
  }

  /** Ends a scenario and settles once everything is given back; undefined where none runs under this id. */
  async stop(id: string): Promise<ScenarioReport | undefined> {
    const scenario = this.#running.get(id);
    if (scenario === undefined) return undefined;
    await scenario.stop("it was told to");
    return scenario.report();
  }

  /** Ends all scenarios; their last figures. Settles once nothing is held any more, by those either that were ending before. */
  async stopAll(reason = "it was told to"): Promise<ScenarioReport[]> {
    const all = [...this.#running.values()];
    const stopped = [...all, ...this.#ending].map((scenario) =>
      scenario.stop(reason)
    );
    await Promise.all(stopped);
    return all.map((scenario) => scenario.report());
  }

  /** A request begins its service: blocks as long as scenarios want, and returns that in milliseconds. */
  block(): number {
    if (this.#perRequest.length === 0) return 0;
    let blocked = 0;
    for (const scenario of this.#perRequest) {
      if (scenario.goesOn()) blocked += scenario.perRequest?.block() ?? 0;
    }
    return blocked;
  }

  /** The target of a resource as a share of its cap, 0…1. */
  target(resource: Resource): number {
    return this.#share(resource, (part) => part.target);
  }

  /** What was reached of late, as a share of the cap. */
  actual(resource: Resource): number {
    return this.#share(resource, (part) => part.achieved);
  }

  cpu(): number {
    return this.target("cpu");
  }

  memory(): number {
    return this.actual("memory");
  }

  heldBytes(): number {
    return this.#total("memory", (part) => part.achieved);
  }

  eventLoop(): number {
    return Math.min(1, this.#total("eventLoop", (part) => part.target));
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

  /** The server ends, or the plugin is off: nothing goes on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true;
    await this.stopAll("the server ended");
  }

  /** All that take anything. */
  *#all(): Generator<Scenario> {
    yield* this.#running.values();
    yield* this.#ending;
  }

  #taken(): Amounts {
    return sum(this.#all().map(({ granted }) => granted));
  }

  #warnings(granted: Amounts): string[] {
    const { machine, options } = this.#ground;
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

  #note(scenario: Scenario): void {
    const report = scenario.report();
    this.#running.delete(scenario.id);
    this.#ending.add(scenario);
    this.#ended.unshift(report);
    this.#ended.length = Math.min(this.#ended.length, REMEMBERED);
    this.#changed();
    const { beforeP99Ms: before, duringP99Ms: during } = report.lateness;
    const late = during === null
      ? ""
      : `; lateness p99 was ${milliseconds(before)} before and ${
        milliseconds(during)
      } during it`;
    this.#ground.log(
      report.reason?.startsWith("a thread failed") ? "error" : "info",
      `Stress ${scenario.id} ended: ${report.reason}${late}`,
    );
  }

  /** Only now can others take what it had. */
  #remove(scenario: Scenario): void {
    this.#ending.delete(scenario);
    this.#pastRestarts += scenario.restarts;
  }

  #changed(): void {
    this.#perRequest = [...this.#running.values()].filter((scenario) =>
      scenario.perRequest !== undefined
    );
  }

  #total(
    resource: Resource,
    of: (part: { target: number; achieved: number }) => number,
  ): number {
    let total = 0;
    for (const scenario of this.#all()) {
      for (const part of scenario.stresses) {
        if (part.resource === resource) total += of(part);
      }
    }
    return total;
  }

  #share(
    resource: Resource,
    of: (part: { target: number; achieved: number }) => number,
  ): number {
    const total = this.#total(resource, of);
    if (total === 0) return 0;
    const { cores, memory, garbage } = this.caps;
    const caps = {
      cpu: cores,
      memory,
      // Of the loop's time: a share already.
      eventLoop: 1,
      allocation: garbage,
    };
    return Math.min(1, total / caps[resource]);
  }
}

function milliseconds(value: number | null): string {
  return value === null ? "unknown" : `${value.toFixed(2)} ms`;
}
