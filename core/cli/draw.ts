/**
 * `perfmock draw`: the service time that an exchange gets, without sending it.
 *
 * @module
 */
import { createPerfmock } from "../app.ts";
import { suggest } from "../config/mod.ts";
import { PerfmockError } from "../errors.ts";
import {
  type ConfigurationOptions,
  loadConfiguration,
} from "./configuration.ts";
import type { Terminal } from "./output.ts";

/** The options of `draw`. */
export interface DrawOptions extends ConfigurationOptions {
  /** The route's id. */
  readonly route: string;
  /** The sequence number, as typed. */
  readonly sequence: string;
  /** The value of the header that sampling goes by. */
  readonly key?: string;
}

/**
 * Prints the service time in milliseconds: a pure function of configuration, seed, route and sequence number.
 *
 * @throws PerfmockError where there is no such route, or the sequence number is none
 */
export async function draw(
  { route, sequence, key, ...options }: DrawOptions,
  out: Terminal,
): Promise<number> {
  const { input, folder, use } = await loadConfiguration(options);
  await using server = await use(() =>
    createPerfmock(input, { folder, listen: false })
  );
  const ids = server.routes.map(({ id }) => id);
  const number = /^\d+$/.test(sequence) ? Number(sequence) : NaN;
  const issues = [
    ...ids.includes(route) ? [] : [{
      path: "",
      message: `There is no route "${route}"`,
      value: route,
      allowed: ids.join(", "),
      suggestion: suggest(route, ids),
    }],
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
