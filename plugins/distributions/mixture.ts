/**
 * The mixture combinator.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { report } from "./_faults.ts";
import { type Component, mix } from "./_mix.ts";

/** One of several distributions, chosen by weight. */
export const mixture: Family<readonly Component[]> = {
  name: "mixture",
  summary: "One of several distributions, chosen by weight",
  source: "Frühwirth-Schnatter, Finite Mixture and Markov Switching Models",
  parameters: ({ z, number, distribution }) =>
    z.array(z.strictObject({ weight: number({ min: 0 }), of: distribution() }))
      .min(1)
      .superRefine((components, context) => {
        const total = components.reduce((sum, { weight }) => sum + weight, 0);
        const summable = total > 0 && total < Infinity;
        if (summable || components.length === 0) return;
        report(context, {
          path: [],
          message:
            `Must have weights with a finite sum above 0, received ${total}`,
          allowed: "weights of which at least one is above 0",
        });
      }),
  create: mix,
};
