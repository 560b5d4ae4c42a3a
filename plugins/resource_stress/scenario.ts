/**
 * One scenario, from its start to its end. It ends after its duration, when its lease expires, when the stress of a resource fails, or
 * when it is told to; then everything is released.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";
import { AllocationStress } from "./allocation.ts";
import type { Amounts } from "./caps.ts";
import { CpuStress } from "./cpu.ts";
import { EventLoopStress } from "./event_loop.ts";
import type { Lateness, LatenessWatch } from "./lateness.ts";
import { MemoryStress } from "./memory.ts";
import type { ResourceContext, ResourceStress } from "./resource.ts";
import type { ScenarioSettings } from "./settings.ts";

/** Time between two updates of targets and figures, and two checks of the lease, in ms. */
const STEP = 50;

/** Time after the scenario's end at which its threads end by themselves, in ms. */
const GRACE = 5000;

/** Options of a scenario. */
export interface ScenarioOptions {
  /** Id, unique within the server. */
  readonly id: string;
  /** Owner, in words. */
  readonly owner: string;
  /** Settings, parsed. */
  readonly settings: ScenarioSettings;
  /** Granted amounts. */
  readonly granted: Amounts;
  /** Warnings for the user, one sentence each. */
  readonly warnings: readonly string[];
  /** The server's clock. */
  readonly clock: Clock;
  /** True if threads can read their times from /proc. */
  readonly threadTimes: boolean;
  /** Lateness of responses since the start of the scenario. */
  readonly lateness: LatenessWatch;
  /** Called when the scenario begins to end. */
  ending(scenario: Scenario): void;
  /** Called when everything is released. */
  ended(scenario: Scenario): void;
}

/** A scenario as the control API shows it. */
export interface ScenarioReport {
  /** Id, unique within the server. */
  readonly id: string;
  /** Owner, in words. */
  readonly owner: string;
  /** State of the scenario. */
  readonly state: "running" | "ended";
  /** Reason of the end; null while it runs. */
  readonly reason: string | null;
  /** Time since the start, in ms. */
  readonly elapsedMs: number;
  /** Time until the end, in ms; null if only the lease ends it. */
  readonly remainingMs: number | null;
  /** The lease; null without one. */
  readonly lease: {
    /** Time after which the scenario ends unless the lease is renewed, in ms. */
    readonly lengthMs: number;
    /** Remaining part of that time, in ms. */
    readonly remainingMs: number;
  } | null;
  /** Target and achieved figures by resource: cpu, memory, eventLoop, allocation. */
  readonly resources: Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;
  /** Lateness of responses before and during the scenario. */
  readonly lateness: Lateness;
  /** Warnings for the user, one sentence each. */
  readonly warnings: readonly string[];
}

/** A scenario that runs or has ended. */
export class Scenario {
  readonly #options: ScenarioOptions;
  readonly #origin: number;
  readonly #end: number;
  readonly #stresses: ResourceStress[] = [];
  readonly #eventLoop: EventLoopStress | undefined;
  readonly #memory: MemoryStress | undefined;
  #renewed: number;
  #timer = 0;
  #deadline = 0;
  #reason: string | undefined;
  #stopping: Promise<void> | undefined;
  #lastReport: ScenarioReport | undefined;

  /**
   * Starts the scenario.
   *
   * @param options options of the scenario
   * @throws the error that keeps a thread from starting; nothing runs then
   */
  constructor(options: ScenarioOptions) {
    const { clock, granted, settings } = options;
    this.#options = options;
    this.#origin = this.#renewed = clock.now();
    this.#end = this.#origin + settings.duration;
    const { cpu, memory, eventLoop, allocation } = settings;
    try {
      if (cpu !== undefined) {
        this.#stresses.push(new CpuStress(cpu, this.#context(granted.cores)));
      }
      if (memory !== undefined) {
        this.#memory = new MemoryStress(memory, this.#context(granted.memory));
        this.#stresses.push(this.#memory);
      }
      if (eventLoop !== undefined) {
        const context = this.#context(granted.blocked);
        this.#eventLoop = new EventLoopStress(eventLoop, context);
        this.#stresses.push(this.#eventLoop);
      }
      if (allocation !== undefined) {
        const context = this.#context(granted.garbage);
        this.#stresses.push(new AllocationStress(allocation, context));
      }
    } catch (error) {
      for (const stress of this.#stresses) stress.stop();
      throw error;
    }
    this.#deadline = clock.at(this.#end, () => this.continues(), undefined);
    this.#update();
  }

  /** Id, unique within the server. */
  get id(): string {
    return this.#options.id;
  }

  /** Granted amounts. */
  get granted(): Amounts {
    return this.#options.granted;
  }

  /** Stresses of the resources. */
  get stresses(): readonly ResourceStress[] {
    return this.#stresses;
  }

  /** Stress that blocks at each request; undefined without one. */
  get perRequest(): EventLoopStress | undefined {
    return this.#eventLoop?.perRequest ? this.#eventLoop : undefined;
  }

  /** True while the memory stays at the limit of its growth. */
  get exhausted(): boolean {
    return this.#memory?.exhausted ?? false;
  }

  /** Number of times that the memory has reached its limit and begun again. */
  get restarts(): number {
    return this.#memory?.restarts ?? 0;
  }

  /** True if the owner has to renew a lease. */
  get leased(): boolean {
    return this.#options.settings.lease !== undefined;
  }

  /**
   * Ends the scenario if its time is over. Timers may be late by any time, since the event loop can be blocked.
   *
   * @returns true if the scenario continues
   */
  continues(): boolean {
    const { clock, settings } = this.#options;
    const now = clock.now();
    if (now >= this.#end) this.stop("its duration is over");
    else if (now >= this.#renewed + (settings.lease ?? Infinity)) {
      this.stop("its owner did not renew the lease");
    }
    return this.#reason === undefined;
  }

  /** Renews the lease. */
  renew(): void {
    this.#renewed = this.#options.clock.now();
  }

  /** Present figures or, after the end, the last ones. */
  report(): ScenarioReport {
    return this.#lastReport ?? this.#figures();
  }

  /** Description for health and log. */
  describe(): string {
    const { id, owner } = this.#options;
    const what = this.#stresses.map(({ resource }) => resource).join(", ");
    return `${id} (${what}; started by ${owner}; ${this.#remaining()})`;
  }

  /**
   * Ends the scenario. Resolves when everything is released; a second call returns the same promise.
   *
   * @param reason clause that completes "the scenario ended: "
   */
  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #stop(reason: string): Promise<void> {
    const { clock, ending, ended } = this.#options;
    clock.cancel(this.#timer);
    clock.cancel(this.#deadline);
    this.#reason = reason;
    this.#lastReport = this.#figures();
    ending(this);
    await Promise.all(this.#stresses.map((stress) => stress.stop()));
    ended(this);
  }

  #context(cap: number): ResourceContext {
    const { clock, settings, threadTimes } = this.#options;
    return {
      clock,
      origin: this.#origin,
      lifetime: settings.duration + GRACE,
      threadTimes,
      cap,
      failed: (reason) => void this.stop(`a thread failed: ${reason}`),
    };
  }

  #update(): void {
    if (!this.continues()) return;
    const { clock } = this.#options;
    const now = clock.now();
    for (const stress of this.#stresses) stress.follow(now - this.#origin);
    this.#timer = clock.at(now + STEP, () => this.#update(), undefined);
  }

  #remaining(): string {
    if (this.#end === Infinity) return "until its lease expires";
    const left = this.#end - this.#options.clock.now();
    return `${Math.max(0, Math.ceil(left / 1000))} s left`;
  }

  #figures(): ScenarioReport {
    const { id, owner, clock, settings, lateness, warnings } = this.#options;
    const now = clock.now();
    const left = (until: number) => Math.max(0, until - now);
    return {
      id,
      owner,
      state: this.#reason === undefined ? "running" : "ended",
      reason: this.#reason ?? null,
      elapsedMs: now - this.#origin,
      remainingMs: this.#end === Infinity ? null : left(this.#end),
      lease: settings.lease === undefined ? null : {
        lengthMs: settings.lease,
        remainingMs: left(this.#renewed + settings.lease),
      },
      resources: Object.fromEntries(
        this.#stresses.map((stress) => [stress.resource, stress.report()]),
      ),
      lateness: lateness.figures,
      warnings,
    };
  }
}
