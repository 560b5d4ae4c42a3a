/**
 * The dials that an experiment turns: the time of routes, and the dial of a cliff. All are released together, however the
 * experiment ends.
 *
 * @module
 */
import type { DialAddress, Dials, HeldDial } from "../../../core/plugin.ts";

/** Dials that are held for one experiment. */
export class TurnedDials implements Disposable {
  readonly #dials: Dials;
  readonly #holder: string;
  readonly #held = new Map<string, HeldDial>();
  readonly #turned = new Map<string, unknown>();

  /** @param holder name of the experiment, for the error of somebody else who wants a dial */
  constructor(dials: Dials, holder: string) {
    this.#dials = dials;
    this.#holder = holder;
  }

  /** True if a dial exists. */
  has(address: DialAddress): boolean {
    return this.#dials.typeOf(address) !== undefined;
  }

  /**
   * Turns a dial, which is held from then on.
   *
   * @param value value that the dial's type has parsed; undefined for the configuration's
   * @throws PerfmockError `DIAL_UNAVAILABLE` if there is no such dial, or another caller holds it
   */
  turn(address: DialAddress, value: unknown): void {
    const key = JSON.stringify([address.kind, address.of, address.dial]);
    let held = this.#held.get(key);
    if (held === undefined) {
      if (value === undefined) return;
      held = this.#dials.hold(address, this.#holder);
      this.#held.set(key, held);
    }
    if (this.#turned.get(key) === value) return;
    this.#turned.set(key, value);
    held.turn(value);
  }

  /** Delay of a route as configured, in ms. */
  delayOf(route: string): number {
    const delay = this.#dials.configured(dialOf(route, "delay"));
    return typeof delay === "number" ? delay : 0;
  }

  /**
   * Changes the time of a route: beside the delay that it has as configured, which is the first that is taken away.
   *
   * @param shift time that is added, in ms; below 0 it is taken away, and 0 is as configured
   */
  shift(route: string, shift: number): void {
    const own = this.delayOf(route);
    const delay = Math.max(0, own + shift);
    this.turn(dialOf(route, "delay"), delay === own ? undefined : delay);
    const speedup = dialOf(route, "speedup");
    const rest = -shift - own;
    if (this.has(speedup)) this.turn(speedup, rest > 0 ? rest : undefined);
  }

  /** Puts everything back. */
  [Symbol.dispose](): void {
    for (const held of this.#held.values()) held.release();
    this.#held.clear();
    this.#turned.clear();
  }
}

/** Address of a dial of a route. */
function dialOf(route: string, dial: string): DialAddress {
  return { kind: "route", of: route, dial };
}
