/**
 * Steps of a shared pool on their way to Redis: they are gathered while earlier ones are under way, and sent together.
 *
 * @module
 */

/** Number of batches that may be under way at once: further steps wait and are sent together with the first answer. */
const UNDER_WAY = 4;

/** One request to Redis. */
export interface Batch<Asked> {
  /** Steps and their arguments. */
  readonly steps: readonly (string | number)[];
  /** Steps that have a result, in their order. */
  readonly asked: readonly Asked[];
}

/** Gathers the steps of one pool. */
export class Steps<Asked> {
  readonly #send: (batch: Batch<Asked>) => void;
  #steps: (string | number)[] = [];
  #asked: Asked[] = [];
  #underWay = 0;

  /** @param send sends a batch; {@linkcode Steps.answered} is called once it is answered */
  constructor(send: (batch: Batch<Asked>) => void) {
    this.#send = send;
  }

  /** Adds a step, and sends it unless many are under way. */
  add(step: readonly (string | number)[], asked?: Asked): void {
    this.put(step, asked);
    this.flush();
  }

  /** Adds a step without sending it. */
  put(step: readonly (string | number)[], asked?: Asked): void {
    for (const part of step) this.#steps.push(part);
    if (asked !== undefined) this.#asked.push(asked);
  }

  /**
   * Sends the steps that were added.
   *
   * @param empty true to send a batch without steps, too
   */
  flush(empty = false): void {
    if (this.#underWay >= UNDER_WAY) return;
    if (this.#steps.length === 0 && !empty) return;
    const batch = { steps: this.#steps, asked: this.#asked };
    this.#steps = [];
    this.#asked = [];
    this.#underWay++;
    this.#send(batch);
  }

  /** A batch was answered. */
  answered(): void {
    this.#underWay--;
    this.flush();
  }

  /** Forgets what was added and what is under way: the connection is gone. */
  clear(): void {
    this.#steps = [];
    this.#asked = [];
    this.#underWay = 0;
  }
}
