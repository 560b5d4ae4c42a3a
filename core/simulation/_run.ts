import { begin } from "../pipeline/pipeline.ts";
import type { VirtualClock } from "../lib/time/mod.ts";
import { type Origin, SimulatedExchange } from "./_simulated_exchange.ts";
import type { BoundTarget } from "./_targets.ts";

/** What the sources of one run share. */
export class Run {
  /** How many sources and users have not sent their last request. */
  active = 0;
  /** What the caller's own code threw. */
  thrown: { readonly error: unknown } | undefined = undefined;
  #left: number;

  /**
   * @param clock of the server
   * @param end on the clock: nothing is sent from then on
   * @param exchanges nothing is sent after this many
   */
  constructor(
    readonly clock: VirtualClock,
    readonly end: number,
    exchanges: number,
  ) {
    this.#left = exchanges;
  }

  /** Whether requests are still to come. */
  get sending(): boolean {
    return this.active > 0 && this.#left > 0;
  }

  /** Lets nothing be sent any more; timers that sources have set may still fire, and do nothing. */
  close(): void {
    this.#left = 0;
  }

  /** Sends a request now. */
  send({ plan, method }: BoundTarget, origin: Origin): void {
    this.#left--;
    begin(new SimulatedExchange(plan, method, origin));
  }

  /** Ends the run with an error. */
  fail(error: unknown): void {
    this.thrown ??= { error };
    this.close();
  }
}
