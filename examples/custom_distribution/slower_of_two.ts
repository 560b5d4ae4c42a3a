/**
 * A distribution family: the longer of two independent exponential times.
 *
 * @module
 */
import { definePlugin, type Plugin } from "@perfmock/perfmock/plugin";

/** P(X ≤ x) is the square of the one of a single time, so that the quantile at u is that of a single time at √u. */
const plugin: Plugin = definePlugin({
  name: "slower_of_two",
  version: "1.0.0",
  contributes: {
    families: [{
      name: "slower-of-two",
      summary: "Longer of two exponential times with the same mean",
      parameters: ({ z, duration }) =>
        z.strictObject({ mean: duration({ above: 0 }) }),
      create: ({ mean }: { readonly mean: number }) => ({
        quantile: (u) => -mean * Math.log1p(-Math.sqrt(u)),
        cdf: (x) => x <= 0 ? 0 : Math.expm1(-x / mean) ** 2,
        mean: 1.5 * mean,
      }),
    }],
  },
});
export default plugin;
