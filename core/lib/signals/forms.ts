/**
 * The forms of signals, in the order in which they are listed for users.
 *
 * @module
 */
import type { FormDefinition } from "./_form.ts";
import { product } from "./product.ts";
import { ramp } from "./ramp.ts";
import { repeat } from "./repeat.ts";
import { sequence } from "./sequence.ts";
import { sine } from "./sine.ts";
import { spike } from "./spike.ts";
import { square } from "./square.ts";
import { stages } from "./stages.ts";
import { steps } from "./steps.ts";
import { sum } from "./sum.ts";
import { trace } from "./trace.ts";

/** All forms but the bare value. */
export const FORMS: readonly FormDefinition[] = [
  ramp,
  stages,
  steps,
  spike,
  sine,
  square,
  trace,
  sequence,
  repeat,
  sum,
  product,
];
