/**
 * The built-in distribution families and combinators, one file each.
 *
 * @module
 */
import type { Family } from "../../core/plugin.ts";
import { bimodal } from "./bimodal.ts";
import { constant } from "./constant.ts";
import { exponential } from "./exponential.ts";
import { lognormal } from "./lognormal.ts";
import { mixture } from "./mixture.ts";
import { normal } from "./normal.ts";
import { uniform } from "./uniform.ts";
import { gamma } from "./gamma.ts";
import { erlang } from "./erlang.ts";
import { weibull } from "./weibull.ts";
import { pareto } from "./pareto.ts";
import { triangular } from "./triangular.ts";
import { poisson } from "./poisson.ts";
import { percentiles } from "./percentiles.ts";
import { empirical } from "./empirical.ts";
import { histogram } from "./histogram.ts";
import { shift } from "./shift.ts";
import { scale } from "./scale.ts";
import { clamp } from "./clamp.ts";
import { truncate } from "./truncate.ts";

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
];
