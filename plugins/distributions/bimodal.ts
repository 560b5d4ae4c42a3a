/**
 * The bimodal family.
 *
 * @module
 */
import type { Distribution, Family } from "../../core/plugin.ts";
import { mix } from "./_mix.ts";

/** The parameters of {@linkcode bimodal}. */
export interface BimodalParameters {
  /** Most exchanges, such as cache hits. */
  readonly fast: Distribution;
  /** The others, such as cache misses. */
  readonly slow: Distribution;
  /** The share of slow ones, 0…1. */
  readonly slowShare: number;
}

/** Two kinds of times, such as cache hits and misses. */
export const bimodal: Family<BimodalParameters> = {
  name: "bimodal",
  summary: "Two kinds of times, such as cache hits and misses",
  source: "Frühwirth-Schnatter, Finite Mixture and Markov Switching Models",
  parameters: ({ z, distribution, share }) =>
    z.strictObject({
      fast: distribution(),
      slow: distribution(),
      slowShare: share(),
    }),
  create: ({ fast, slow, slowShare }) =>
    mix([
      { weight: 1 - slowShare, of: fast },
      { weight: slowShare, of: slow },
    ]),
};
