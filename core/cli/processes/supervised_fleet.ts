/**
 * The fleet as one process of `serve --processes` knows it: what the supervisor tells of it, and that the supervisor is silent.
 *
 * @module
 */
import { PerfmockError } from "../../errors.ts";
import type { FleetAnswer, FleetCall, Peers } from "../../fleet/peers.ts";
import { pause } from "../../lib/time/mod.ts";
import {
  BEAT,
  type FleetState,
  MISSED,
  type Order,
  type Report,
} from "./messages.ts";

/** The fleet as the supervisor tells of it. */
export class SupervisedFleet implements Peers, Disposable {
  readonly own: string;
  state: FleetState;
  readonly #report: (report: Report) => void;
  readonly #waiting = new Map<
    number,
    PromiseWithResolvers<FleetAnswer>
  >();
  readonly #watching = new AbortController();
  #calls = 0;
  /**
   * Number of looks since the last order. Looks are counted, and not the time: a process that was stopped itself has missed no order
   * before it has had the time to read one.
   */
  #missed = 0;

  /**
   * Begins to look for orders, until disposed.
   *
   * @param report sends a message to the supervisor
   * @param interval time between two looks, in ms. Default {@linkcode BEAT}
   */
  constructor(
    { fleet, name }: Pick<Extract<Order, { kind: "start" }>, "fleet" | "name">,
    report: (report: Report) => void,
    interval: number = BEAT,
  ) {
    this.own = name;
    this.state = fleet;
    this.#report = report;
    this.#watch(interval);
  }

  list(): FleetState["replicas"] {
    return this.state.replicas;
  }

  async change(call: FleetCall): Promise<FleetAnswer> {
    if (this.#silent) {
      throw new PerfmockError(
        "REPLICA_UNREACHABLE",
        "Cannot make this change: the supervisor, which makes one after another, does not answer. Nothing was changed",
      );
    }
    const id = this.#calls++;
    const waiting = Promise.withResolvers<FleetAnswer>();
    this.#waiting.set(id, waiting);
    this.#report({ kind: "change", id, call, sent: Date.now() });
    return await waiting.promise;
  }

  /** Takes the supervisor's answer to a change. */
  answered({ answer, error, id }: Extract<Order, { kind: "answer" }>): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (answer !== undefined) waiting?.resolve(answer);
    else {
      waiting?.reject(
        new PerfmockError(
          "REPLICA_UNREACHABLE",
          error?.message ?? "Cannot make this change",
          error?.issues ?? [],
        ),
      );
    }
  }

  /** Notes that the supervisor is there. */
  heard(): void {
    this.#missed = 0;
  }

  reasons(): readonly string[] {
    return [
      ...this.state.reasons,
      ...this.#silent
        ? [
          `The supervisor (pid ${Deno.ppid}) does not answer: no change can be made, and no process that ends is replaced`,
        ]
        : [],
    ];
  }

  lost(): readonly string[] {
    return this.state.lost;
  }

  reset(): void {
    this.#report({ kind: "reset" });
  }

  [Symbol.dispose](): void {
    this.#watching.abort();
  }

  get #silent(): boolean {
    return this.#missed >= MISSED;
  }

  async #watch(interval: number): Promise<void> {
    const { signal } = this.#watching;
    for (;;) {
      await pause(interval, signal);
      if (signal.aborted) return;
      if (++this.#missed === MISSED) this.#giveUp();
    }
  }

  /** Nobody waits for a supervisor that has stopped. */
  #giveUp(): void {
    for (const { reject } of this.#waiting.values()) {
      reject(
        new PerfmockError(
          "REPLICA_UNREACHABLE",
          "Cannot tell if this change was made: the supervisor does not answer. It is not made later, unless it was under way",
        ),
      );
    }
    this.#waiting.clear();
  }
}
