/**
 * `perfmock draw` prints the service time that an exchange would get.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { unknownRouteIssue } from "../lib/unknown_route.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import type { Terminal } from "./terminal.ts";

/** Options of `draw`. */
export interface DrawOptions extends ConfigurationOptions {
  /** Id of the route. */
  readonly route: string;
  /** Zero-based index of the request on the route, as typed. */
  readonly sequence: string;
  /** Value of the header that the route's `sampling.key` names. */
  readonly key?: string;
}

/**
 * Prints the service time in ms: a pure function of configuration, seed, route and sequence number.
 *
 * @throws PerfmockError where the route or the sequence number is invalid
 */
export async function draw(
  { route, sequence, key, ...options }: DrawOptions,
  out: Terminal,
): Promise<number> {
  const configuration = await loadConfiguration(options);
  await using server = await configuration.createServer({ listen: false });
  const ids = server.routes.map(({ id }) => id);
  const number = /^\d+$/.test(sequence) ? Number(sequence) : NaN;
  const issues = [
    ...ids.includes(route) ? [] : [unknownRouteIssue(route, ids)],
    ...Number.isSafeInteger(number) ? [] : [{
      path: "",
      message: "A sequence number is a whole number from 0",
      value: sequence,
      allowed: "0, 1, 2, …",
    }],
  ];
  if (issues.length > 0) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot draw", issues);
  }
  out.write(`${server.draw(route, number, key)}\n`);
  return 0;
}
