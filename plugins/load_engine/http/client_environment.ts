/**
 * What executors send through over HTTP: an environment that has to be brought up first, and ended.
 *
 * @module
 */
import type { Environment } from "../executors/mod.ts";

/** An {@linkcode Environment} that sends over a network. Disposal cuts what is under way. */
export interface ClientEnvironment extends Environment, Disposable {
  /**
   * Makes connections before anything is sent: to make one takes as long as ten requests, and an executor that was held up for a moment,
   * and had to make one for each request it is late with, would fall further behind with each.
   *
   * @param count how many
   * @returns settled once they are there, one cannot be made, or a second has passed; never rejected: requests tell what is wrong
   */
  connectAhead(count: number): Promise<void>;
}
