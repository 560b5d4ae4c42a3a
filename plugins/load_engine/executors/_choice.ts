/**
 * Which request comes next.
 *
 * @module
 */
import type { Stream } from "../../../core/plugin.ts";
import type { RequestPlan } from "../script/mod.ts";

/** Chooses by chance and weight: the same place, the same choice. */
export class WeightedChoice {
  readonly #requests: readonly RequestPlan[];
  readonly #stream: Stream;
  /** The shares of all requests up to each; the last is 1, whatever the sum of rounded shares. */
  readonly #cumulative: readonly number[];

  constructor(requests: readonly RequestPlan[], stream: Stream) {
    const total = requests.reduce((sum, { weight }) => sum + weight, 0);
    let below = 0;
    this.#requests = requests;
    this.#stream = stream;
    this.#cumulative = requests.map(({ weight }, index) =>
      index === requests.length - 1 ? 1 : (below += weight) / total
    );
  }

  at(place: number): RequestPlan {
    if (this.#requests.length === 1) return this.#requests[0];
    const u = this.#stream.uniform(place);
    let i = 0;
    while (u >= this.#cumulative[i]) i++;
    return this.#requests[i];
  }
}
