/**
 * The built-in distribution families and combinators.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { clamp, fitted, scale, shift, truncate } from "./combinators.ts";
import { constant } from "./constant.ts";
import { empirical } from "./empirical.ts";
import { exponential } from "./exponential.ts";
import { erlang, gamma } from "./gamma.ts";
import { histogram } from "./histogram.ts";
import { lognormal } from "./lognormal.ts";
import { bimodal, mixture } from "./mixture.ts";
import { normal } from "./normal.ts";
import { pareto } from "./pareto.ts";
import { percentiles } from "./percentiles.ts";
import { poisson } from "./poisson.ts";
import { triangular } from "./triangular.ts";
import { uniform } from "./uniform.ts";
import { weibull } from "./weibull.ts";

/** All built-in families, in the order of the documentation. */
export const families: readonly Family[] = [
  constant,
  uniform,
  normal,
  lognormal,
  exponential,
  bimodal,
  mixture,
  gamma,
  erlang,
  weibull,
  pareto,
  triangular,
  poisson,
  percentiles,
  empirical,
  histogram,
  shift,
  scale,
  clamp,
  truncate,
  fitted,
];
