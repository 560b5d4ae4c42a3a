import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { distance, signal, values } from "./_signals.ts";

/** Times spread over several cycles, none of them at a break. */
const TIMES = Array.from({ length: 60 }, (_, i) => 1 + i * 137.13);

Deno.test("sequence runs one signal after another, each from its own time 0", () => {
  const sequence = signal({
    sequence: [
      { for: 100, signal: 5 },
      { for: 50, signal: { ramp: { from: 0, to: 10, over: 100 } } },
      { for: 100, signal: { sine: { mean: 2, amplitude: 1, period: 100 } } },
    ],
  });
  deepEqual(values(sequence, [-1, 0, 99, 100, 125, 150]), [5, 5, 5, 0, 2.5, 2]);
  equal(sequence.integral(100), 500);
  equal(sequence.integral(150), 625);
  ok(distance(sequence.integral(250), 825) < 1e-14);
  ok(distance(sequence.integral(300), 925) < 1e-12);
  equal(sequence.inverse(500), 100);
  equal(sequence.inverse(531.25), 125);
  ok(distance(sequence.inverse(825 + 200), 350) < 1e-12);
  deepEqual([sequence.integral(0), sequence.inverse(0)], [0, 0]);
  deepEqual([sequence.end, sequence.constant], [250, false]);
});

Deno.test("sequence holds its last value, not the value after a jump at its end", () => {
  const square = { square: { low: 1, high: 9, period: 100 } };
  const held = signal({ sequence: [{ for: 100, signal: square }] });
  deepEqual(values(held, [99, 100, 1e6]), [1, 1, 1]);
  const ramp = { ramp: { from: 0, to: 400, over: 30 } };
  const cut = signal({ sequence: [{ for: 15, signal: ramp }] });
  deepEqual([cut.at(15), cut.at(99), cut.end], [200, 200, 15]);
  const over = signal({ sequence: [{ for: 60, signal: ramp }] });
  deepEqual([over.at(99), over.end], [400, 30]);
});

Deno.test("sequence that ends at 0 or below has no arrivals after its end", () => {
  const ending = signal({
    sequence: [{ for: 10, signal: 5 }, { for: 10, signal: -1 }],
  });
  deepEqual(
    [ending.integral(500), ending.inverse(50), ending.inverse(51)],
    [50, 10, Infinity],
  );
});

Deno.test("sequence of equal constants is constant", () => {
  const same = signal({
    sequence: [{ for: 10, signal: 5 }, { for: 10, signal: 5 }],
  });
  deepEqual([same.constant, same.end], [true, 0]);
});

Deno.test("sum of straight lines consists of straight lines", () => {
  const sum = signal({
    sum: [
      { ramp: { from: 0, to: 10, over: 100 } },
      { steps: [{ at: 0, value: -5 }, { at: 80, value: -20 }] },
      1,
    ],
  });
  deepEqual(values(sum, [0, 50, 80, 100, 200]), [-4, 1, -11, -9, -9]);
  equal(sum.end, 100);
  // Positive from 40 to 80, up to 4.
  equal(sum.integral(200), 80);
  equal(sum.inverse(20), 60);
  equal(sum.inverse(81), Infinity);
});

Deno.test("sum of signals that are never negative has the sum of their integrals", () => {
  const parts = [
    { sine: { mean: 3, amplitude: 2, period: 700, phase: 0.3 } },
    { ramp: { from: 0, to: 5, over: 900 } },
    { square: { low: 0, high: 4, period: 300, duty: 0.4 } },
  ];
  const sum = signal({ sum: parts });
  const single = parts.map((part) => signal(part));
  for (const time of TIMES) {
    const expected = single.reduce((all, part) => all + part.integral(time), 0);
    ok(distance(sum.integral(time), expected) < 1e-14);
    ok(distance(sum.inverse(expected), time) < 1e-12);
    const value = single.reduce((all, part) => all + part.at(time), 0);
    ok(distance(sum.at(time), value) < 1e-14);
  }
  deepEqual([sum.end, sum.constant], [Infinity, false]);
});

Deno.test("sum that falls below 0 is clamped as a whole and equals the same sine to 1e-9", () => {
  const sum = signal({
    sum: [{ sine: { mean: 1, amplitude: 10, period: 900, phase: 0.7 } }, -4],
  });
  const sine = signal({
    sine: { mean: -3, amplitude: 10, period: 900, phase: 0.7 },
  });
  deepEqual([sum.integral(0), sum.inverse(0)], [0, 0]);
  for (const time of TIMES) {
    const expected = sine.integral(time);
    ok(distance(sum.integral(time), expected) < 1e-9);
  }
  for (let area = 1; area < 1e7; area *= 3) {
    ok(distance(sum.inverse(area), sine.inverse(area)) < 1e-9);
  }
});

Deno.test("sum continues at its last value after its end", () => {
  const sum = signal({
    sum: [
      {
        sequence: [{
          for: 250,
          signal: { sine: { mean: 0, amplitude: 1, period: 1000 } },
        }],
      },
      -0.5,
    ],
  });
  equal(sum.end, 250);
  const begun = 1000 / (2 * Math.PI) * Math.cos(Math.PI / 6) -
    0.5 * (250 - 1000 / 12);
  ok(distance(sum.integral(250), begun) < 1e-12);
  ok(distance(sum.integral(350), begun + 50) < 1e-12);
  ok(distance(sum.inverse(begun + 50), 350) < 1e-12);
  const dead = signal({
    sum: [{
      sequence: [{
        for: 250,
        signal: { sine: { mean: 0, amplitude: 1, period: 500 } },
      }],
    }, -0.5],
  });
  equal(dead.inverse(1e5), Infinity);
});

Deno.test("sum of negative waves has no integral and no arrivals", () => {
  const sum = signal({
    sum: [{ sine: { mean: -3, amplitude: 1, period: 100 } }, 1],
  });
  deepEqual([sum.integral(1e6), sum.inverse(1)], [0, Infinity]);
});

Deno.test("sum of one signal is that signal", () => {
  equal(signal({ sum: [{ ramp: { from: 0, to: 1, over: 10 } }] }).end, 10);
});

Deno.test("product of lines is a parabola, whose integral is a cubic", () => {
  const ramp = { ramp: { from: 0, to: 1000, over: 1000 } };
  const product = signal({ product: [ramp, ramp] });
  equal(product.at(500), 250_000);
  equal(product.end, 1000);
  for (const time of [1, 250, 999, 1000]) {
    ok(distance(product.integral(time), time ** 3 / 3) < 1e-13);
    ok(distance(product.inverse(time ** 3 / 3), time) < 1e-12);
  }
  ok(distance(product.integral(1001), 1e9 / 3 + 1e6) < 1e-13);
});

Deno.test("product of sines has the integral of their product, over whole cycles and parts of them", () => {
  const product = signal({
    product: [
      { sine: { mean: 5, amplitude: 3, period: 600 } },
      { sine: { mean: 1, amplitude: 0.4, period: 400 } },
    ],
  });
  const [a, b] = [2 * Math.PI / 600, 2 * Math.PI / 400];
  const primitive = (t: number) =>
    5 * t - 3 / a * Math.cos(a * t) - 5 * 0.4 / b * Math.cos(b * t) +
    3 * 0.4 / 2 *
      (Math.sin((b - a) * t) / (b - a) - Math.sin((a + b) * t) / (a + b));
  for (const time of TIMES) {
    const expected = primitive(time) - primitive(0);
    ok(distance(product.integral(time), expected) < 1e-11);
    ok(distance(product.inverse(expected), time) < 1e-11);
  }
});

Deno.test("product with a plain number keeps straight lines straight and closed forms closed", () => {
  const ramp = signal({
    product: [{ ramp: { from: 1, to: 2, over: 10 } }, -3],
  });
  deepEqual([ramp.at(5), ramp.end, ramp.integral(99)], [-4.5, 10, 0]);
  const wave = { sine: { mean: 2, amplitude: 3, period: 100 } };
  const scaled = signal({ product: [2, wave, 5] });
  const plain = signal(wave);
  for (const time of TIMES) {
    equal(scaled.at(time), 10 * plain.at(time));
    equal(scaled.integral(time), 10 * plain.integral(time));
  }
  equal(scaled.inverse(5000), plain.inverse(500));
  deepEqual([scaled.end, scaled.constant], [Infinity, false]);
  // With a negative factor it is integrated numerically.
  const turned = signal({ product: [-1, wave] });
  const same = signal({ sine: { mean: -2, amplitude: -3, period: 100 } });
  ok(distance(turned.integral(1234), same.integral(1234)) < 1e-9);
});

Deno.test("product of constants, with 1, or with 0 is simplified", () => {
  const wave = { sine: { mean: 2, amplitude: 3, period: 100 } };
  equal(signal({ product: [2, 3] }).at(7), 6);
  ok(signal({ product: [0, wave] }).constant);
  equal(signal({ product: [1, wave] }).at(25), 5);
});

Deno.test("Signals nest: products in sums in repeats in sequences", () => {
  const burst = {
    repeat: {
      signal: {
        sum: [
          { product: [{ sine: { mean: 5, amplitude: 2, period: 40 } }, 3] },
          { square: { low: 0, high: 1, period: 10 } },
        ],
      },
      period: 30,
    },
  };
  const nested = signal({
    sum: [
      { sequence: [{ for: 95, signal: burst }, { for: 5, signal: 2 }] },
      { product: [burst, { ramp: { from: 0, to: 1, over: 50 } }] },
    ],
  });
  // Compared with 200 000 rectangles, whose edges include all jumps of the signal.
  const step = 0.001;
  let sum = 0;
  for (let i = 0; i < 200_000; i++) sum += nested.at((i + 0.5) * step) * step;
  ok(distance(nested.integral(200), sum) < 1e-9);
  ok(distance(nested.inverse(nested.integral(171.3)), 171.3) < 1e-12);
});

Deno.test("Results of a signal do not depend on earlier calls", () => {
  const written = {
    product: [
      { sine: { mean: 5, amplitude: 6, period: 60 } },
      { sine: { mean: 1, amplitude: 0.5, period: 70 } },
    ],
  };
  const [one, other] = [signal(written), signal(written)];
  const areas = [1, 20_000, 300, 5_000_000, 7.5];
  const forwards = areas.map((area) => one.inverse(area));
  other.integral(1e6);
  const backwards = areas.toReversed().map((area) => other.inverse(area));
  deepEqual(backwards.toReversed(), forwards);
});

Deno.test("Waves without a common period are integrated up to the size limit of the table, then throw", () => {
  const periods = [Math.PI, Math.E];
  const waves = periods.map((period) => ({
    sine: { mean: 1, amplitude: 1, period },
  }));
  const sum = signal({ sum: waves });
  equal(sum.end, Infinity);
  ok(distance(sum.inverse(sum.integral(1000)), 1000) < 1e-12);
  throws(() => sum.inverse(1e12), {
    code: "ARGUMENT_INVALID",
    message: /^Cannot integrate a signal beyond [\d.e+]+ s/,
  });
  const product = signal({ product: waves });
  ok(distance(product.inverse(product.integral(1000)), 1000) < 1e-9);
});

Deno.test("Periods without a safe common multiple are integrated one by one", () => {
  const waves = signal({
    sum: [
      { sine: { mean: 1, amplitude: 2, period: 9007199.254741 } },
      { sine: { mean: 0, amplitude: 1, period: 9007199.254739 } },
    ],
  });
  ok(distance(waves.inverse(waves.integral(1e8)), 1e8) < 1e-9);
});

Deno.test("A cell of a wave ends at a quarter of the period despite rounding", () => {
  // A third of a period ahead, and a period that is no binary fraction.
  const product = signal({
    product: [
      { sine: { mean: 1, amplitude: 1, period: 0.7, phase: 1 / 3 } },
      { sine: { mean: 1, amplitude: 1, period: 0.3, phase: 1 / 7 } },
    ],
  });
  ok(distance(product.inverse(product.integral(123.4)), 123.4) < 1e-12);
});

Deno.test("A period is not skipped if rounding makes it begin slightly earlier", () => {
  const period = 0.009;
  ok(Math.floor(15 * period / period) === 14);
  const ripple = 0.01 * Math.PI;
  const sum = signal({
    sum: [
      {
        repeat: { signal: { ramp: { from: 1, to: 2, over: period } }, period },
      },
      { sine: { mean: 0, amplitude: 0.5, period: ripple } },
    ],
  });
  const wave = 0.5 * ripple / (2 * Math.PI);
  for (const count of [14, 15, 16, 40]) {
    const time = count * period;
    const expected = 1.5 * time +
      wave * (1 - Math.cos(2 * Math.PI * time / ripple));
    ok(Math.abs(sum.integral(time) / expected - 1) < 1e-11);
  }
});
