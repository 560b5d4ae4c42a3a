/**
 * What was reached of late: the quotient of two sums over the last seconds.
 *
 * @module
 */

/** Over how long, in milliseconds: the time within which targets have to be met. */
export const WINDOW = 5000;

/** How many looks are kept. */
const LOOKS = 50;

/** One look at two sums. */
interface Look {
  readonly amount: number;
  readonly time: number;
}

/** The rate of a growing amount over a window that slides. */
export class Sliding {
  readonly #looks: Look[] = [{ amount: 0, time: 0 }];

  /**
   * Takes a look.
   *
   * @param amount what there is in all
   * @param time the time that belongs to it, in milliseconds; never falls
   */
  look(amount: number, time: number): void {
    const looks = this.#looks;
    const last = looks[looks.length - 1];
    if (time <= last.time) return;
    // Looks that are close together are one: memory stays bounded, the window whole.
    const before = looks.at(-2);
    if (before !== undefined && time - before.time < WINDOW / LOOKS) {
      looks.pop();
    }
    looks.push({ amount, time });
    while (looks.length > 2 && time - looks[1].time >= WINDOW) looks.shift();
  }

  /** The amount per millisecond over the last 5 s, or since the start; 0 where there was no look. */
  get rate(): number {
    return quotient(this.#looks[0], this.#looks[this.#looks.length - 1]);
  }
}

function quotient(from: Look, to: Look): number {
  const time = to.time - from.time;
  return time > 0 ? (to.amount - from.amount) / time : 0;
}
