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

/** All built-in families, in the order of the documentation. */
export const families: readonly Family[] = [
  constant,
  uniform,
  normal,
  lognormal,
  exponential,
  bimodal,
  mixture,
];
