import { equal, ok } from "node:assert/strict";
import {
  Model,
  type Sample,
  setKey,
} from "../../../../plugins/bottleneck_finder/statistics/_model.ts";
import { uniforms } from "../../../support/synthetic_pages.ts";

const NOTHING = { varied: 0, sets: [], pairs: [] };

const TERMS = {
  added: { varied: 0, sets: [[0], [1], [0, 1]], pairs: [] },
  taken: NOTHING,
};

/** Loads of one block; factor 1 is the processor. */
function samplesOf(
  loads: readonly (readonly number[])[],
  figure: (on: readonly number[]) => number,
): Sample[] {
  return loads.map((on) => ({
    block: 0,
    figure: figure(on),
    isSlow: on.includes(1),
    direction: on.length === 0 ? undefined : "added",
    on,
    key: setKey(on),
  }));
}

Deno.test("Model: loads with a slow processor that vary more count less, and their effects have larger errors", () => {
  const next = uniforms(3);
  const loads = Array.from({ length: 20 }, () => [[], [0], [1], [0, 1]]).flat();
  const samples = samplesOf(
    loads,
    (on) =>
      500 + 100 * on.length + (on.includes(1) ? 100 : 10) * (next() - 0.5),
  );
  const model = new Model(samples, 2, TERMS);
  const { errors, coefficients } = model.fit;
  const column = (members: readonly number[]) =>
    model.set("added", members) ?? -1;
  equal(model.slowFreedom, 38);
  equal(model.isSlow(column([0])), false);
  ok(model.isSlow(column([1])) && model.isSlow(column([0, 1])));
  // Errors of a difference of means of 20 loads, of uniform noise with the standard deviation width/√12.
  const expected = (...widths: number[]) =>
    Math.sqrt(widths.reduce((sum, w) => sum + w * w / 12 / 20, 0));
  const near = (value: number, of: number) =>
    ok(Math.abs(value / of - 1) < 0.3);
  near(errors[column([0])], expected(10, 10));
  near(errors[column([1])], expected(100, 10));
  near(errors[column([0, 1])], expected(100, 10));
  ok(Math.abs(coefficients[column([0])] - 100) < 4);
  for (const [row, weight] of model.weights.entries()) {
    if (!samples[row].isSlow) equal(weight, 1);
    else ok(weight > 0.06 && weight < 0.15, `${weight}`);
  }
});

Deno.test("Model: where the variation of others is not known, loads with a slow processor count as much", () => {
  const samples = samplesOf([[], [1], [1]], (on) => 500 + 100 * on.length);
  samples[1] = { ...samples[1], figure: 650 };
  const { weights, slowFreedom } = new Model(samples, 2, TERMS);
  equal(slowFreedom, 1);
  equal([...weights].join(), "1,1,1");
});
