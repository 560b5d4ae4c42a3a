/** Signals of all kinds, nested ones included, for properties that hold for any of them. */
import fc from "fast-check";

const value = fc.double({ min: -6, max: 14, noNaN: true });
const length = fc.oneof(
  fc.integer({ min: 1, max: 100 }),
  fc.double({ min: 1, max: 100, noNaN: true }),
);
const pause = fc.oneof(fc.constant(0), length);

/** Points in order of time, the first at 0. */
const points = fc.array(fc.record({ gap: pause, value }), {
  minLength: 1,
  maxLength: 4,
}).map((list) => {
  let at = 0;
  return list.map(({ gap, value }, i) => ({
    at: i === 0 ? 0 : at += gap,
    value,
  }));
});

/** Any signal as a user writes it: values from −6 to 14, most changes within the first 400 ms. */
export const written: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  written: fc.oneof(
    { maxDepth: 2 },
    value,
    fc.record({ ramp: fc.record({ from: value, to: value, over: length }) }),
    fc.record({
      stages: fc.array(fc.record({ duration: pause, target: value }), {
        minLength: 1,
        maxLength: 4,
      }),
    }),
    fc.record({ steps: points }),
    fc.record({ trace: fc.record({ points }) }),
    fc.record({
      spike: fc.record({
        base: value,
        peak: value,
        at: pause,
        rise: pause,
        hold: pause,
        fall: pause,
      }),
    }),
    fc.record({
      sine: fc.record({
        mean: value,
        amplitude: value,
        period: length,
        phase: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    }),
    fc.record({
      square: fc.record({
        low: value,
        high: value,
        period: length,
        duty: fc.double({ min: 0, max: 1, noNaN: true }),
      }),
    }),
    fc.record({
      sequence: fc.array(fc.record({ for: length, signal: tie("written") }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
    fc.record({
      repeat: fc.record({ signal: tie("written"), period: length }),
    }),
    fc.record({
      sum: fc.array(tie("written"), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({
      product: fc.array(tie("written"), { minLength: 1, maxLength: 3 }),
    }),
  ),
})).written;
