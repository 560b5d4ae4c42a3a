/**
 * The Erlang family.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { scaledGamma, SHAPES } from "./gamma.ts";

/** The parameters of {@linkcode erlang}. */
export interface ErlangParameters {
  /** How many stages, 1…100 000. */
  readonly k: number;
  /** Of all stages together, in milliseconds, above 0. */
  readonly mean: number;
}

/** The sum of k exponential stages. */
export const erlang: Family<ErlangParameters> = {
  name: "erlang",
  summary: "The sum of k exponential stages",
  source:
    "DiDonato, Morris, Computation of the incomplete gamma function ratios and their inverse, ACM TOMS 12, 1986",
  parameters: ({ z, duration, integer }) =>
    z.strictObject({
      k: integer({ min: 1, max: SHAPES.max }),
      mean: duration({ above: 0 }),
    }),
  create: ({ k, mean }) => scaledGamma(k, mean / k),
};
