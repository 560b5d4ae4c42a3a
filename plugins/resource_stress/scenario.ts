/**
 * One scenario, from its start to its end: it ends at its duration, when its owner stays away, when a part fails, or when it is
 * told to, and then everything is given back.
 *
 * @module
 */
import type { Clock } from "../../core/plugin.ts";
import { AllocationPart } from "./allocation.ts";
import type { Amounts } from "./caps.ts";
import { CpuPart } from "./cpu.ts";
import { EventLoopPart } from "./event_loop.ts";
import type { Lateness, LatenessWatch } from "./lateness.ts";
import { MemoryPart } from "./memory.ts";
import type { Part, PartContext } from "./part.ts";
import type { ScenarioSettings } from "./settings.ts";

/** How often it looks around, in milliseconds: signals, leases and figures follow in this step. */
const STEP = 50;

/** How long after the scenario's end a thread ends by itself, in milliseconds. */
const GRACE = 5000;

/** What a scenario is made of. */
export interface ScenarioParts {
  /** Unique within the server. */
  readonly id: string;
  /** Who started it, in words. */
  readonly owner: string;
  /** What it does. */
  readonly settings: ScenarioSettings;
  /** What was granted. */
  readonly granted: Amounts;
  /** What a user should know, one sentence each. */
  readonly warnings: readonly string[];
  /** The server's clock. */
  readonly clock: Clock;
  /** Whether threads can read their times from /proc. */
  readonly threadTimes: boolean;
  /** Watches the lateness of responses from its start on. */
  readonly lateness: LatenessWatch;
  /** It has begun to end. */
  ending(scenario: Scenario): void;
  /** Everything is given back. */
  ended(scenario: Scenario): void;
}

/** A scenario in the control API. */
export interface ScenarioReport {
  /** Unique within the server. */
  readonly id: string;
  /** Who started it. */
  readonly owner: string;
  /** Whether it goes on. */
  readonly state: "running" | "ended";
  /** Why it has ended; null while it runs. */
  readonly reason: string | null;
  /** How long it has run, in milliseconds. */
  readonly elapsedMs: number;
  /** How long it will run at most; null where only its lease ends it. */
  readonly remainingMs: number | null;
  /** The lease; null without an owner that renews one. */
  readonly lease: {
    /** How long it goes on without being renewed, in milliseconds. */
    readonly lengthMs: number;
    /** What is left of that. */
    readonly remainingMs: number;
  } | null;
  /** Target and achieved figures by resource: cpu, memory, eventLoop, allocation. */
  readonly resources: Readonly<
    Record<string, Readonly<Record<string, unknown>>>
  >;
  /** How late responses were before it and are during it. */
  readonly lateness: Lateness;
  /** What a user should know. */
  readonly warnings: readonly string[];
}

/** A scenario that runs, or ran. */
export class Scenario {
  readonly #parts: ScenarioParts;
  readonly #origin: number;
  readonly #end: number;
  readonly #stresses: Part[] = [];
  readonly #eventLoop: EventLoopPart | undefined;
  readonly #memory: MemoryPart | undefined;
  #renewed: number;
  #timer = 0;
  #deadline = 0;
  #reason: string | undefined;
  #stopping: Promise<void> | undefined;
  #last: ScenarioReport | undefined;

  /**
   * Starts it.
   *
   * @throws whatever keeps a thread from starting; nothing runs then
   */
  constructor(parts: ScenarioParts) {
    const { clock, settings } = parts;
    this.#parts = parts;
    this.#origin = this.#renewed = clock.now();
    this.#end = this.#origin + settings.duration;
    const { cpu, memory, eventLoop, allocation } = settings;
    const { granted } = parts;
    try {
      if (cpu !== undefined) {
        this.#stresses.push(new CpuPart(cpu, this.#context(granted.cores)));
      }
      if (memory !== undefined) {
        this.#memory = new MemoryPart(memory, this.#context(granted.memory));
        this.#stresses.push(this.#memory);
      }
      if (eventLoop !== undefined) {
        const context = this.#context(granted.blocked);
        this.#eventLoop = new EventLoopPart(eventLoop, context);
        this.#stresses.push(this.#eventLoop);
      }
      if (allocation !== undefined) {
        const context = this.#context(granted.garbage);
        this.#stresses.push(new AllocationPart(allocation, context));
      }
    } catch (error) {
      for (const part of this.#stresses) part.stop();
      throw error;
    }
    this.#deadline = clock.at(this.#end, () => this.goesOn(), undefined);
    this.#look();
  }

  /** Unique within the server. */
  get id(): string {
    return this.#parts.id;
  }

  /** What was granted. */
  get granted(): Amounts {
    return this.#parts.granted;
  }

  /** The stresses of the several resources. */
  get stresses(): readonly Part[] {
    return this.#stresses;
  }

  /** The part that each request has to pass, where there is one. */
  get perRequest(): EventLoopPart | undefined {
    return this.#eventLoop?.perRequest ? this.#eventLoop : undefined;
  }

  /** Whether its memory has grown to its limit and stays there. */
  get exhausted(): boolean {
    return this.#memory?.exhausted ?? false;
  }

  /** How often its memory has grown to its limit and begun again. */
  get restarts(): number {
    return this.#memory?.restarts ?? 0;
  }

  /** Whether an owner has to renew a lease. */
  get leased(): boolean {
    return this.#parts.settings.lease !== undefined;
  }

  /**
   * Ends it where its time is over, which may be noticed late: the event loop may have had no turn for timers.
   *
   * @returns whether it goes on
   */
  goesOn(): boolean {
    const { clock, settings } = this.#parts;
    const now = clock.now();
    if (now >= this.#end) this.stop("its duration is over");
    else if (now >= this.#renewed + (settings.lease ?? Infinity)) {
      this.stop("its owner did not renew the lease");
    }
    return this.#reason === undefined;
  }

  /** The owner is there: the lease begins again. */
  renew(): void {
    this.#renewed = this.#parts.clock.now();
  }

  /** Its figures: those of its end, once it has ended. */
  report(): ScenarioReport {
    return this.#last ?? this.#figures();
  }

  /** What it does, in words. */
  inWords(): string {
    const { id, owner } = this.#parts;
    const what = this.#stresses.map(({ resource }) => resource).join(", ");
    return `${id} (${what}; started by ${owner}; ${this.#endInWords()})`;
  }

  /**
   * Ends it; settles once everything is given back. Called again, returns the same promise.
   *
   * @param reason why, to go on after "it ended: "
   */
  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #stop(reason: string): Promise<void> {
    const { clock, ending, ended } = this.#parts;
    clock.cancel(this.#timer);
    clock.cancel(this.#deadline);
    this.#reason = reason;
    this.#last = this.#figures();
    ending(this);
    await Promise.all(this.#stresses.map((part) => part.stop()));
    ended(this);
  }

  #context(cap: number): PartContext {
    const { clock, settings, threadTimes } = this.#parts;
    return {
      clock,
      origin: this.#origin,
      lifetime: settings.duration + GRACE,
      threadTimes,
      cap,
      failed: (reason) => void this.stop(`a thread failed: ${reason}`),
    };
  }

  #look(): void {
    if (!this.goesOn()) return;
    const { clock } = this.#parts;
    const now = clock.now();
    for (const part of this.#stresses) part.follow(now - this.#origin);
    this.#timer = clock.at(now + STEP, () => this.#look(), undefined);
  }

  #endInWords(): string {
    const seconds = (until: number) =>
      `${Math.max(0, Math.ceil((until - this.#parts.clock.now()) / 1000))} s`;
    return this.#end === Infinity
      ? "until its owner stays away"
      : `${seconds(this.#end)} left`;
  }

  #figures(): ScenarioReport {
    const { id, owner, clock, settings, lateness, warnings } = this.#parts;
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
        this.#stresses.map((part) => [part.resource, part.report()]),
      ),
      lateness: lateness.figures,
      warnings,
    };
  }
}
