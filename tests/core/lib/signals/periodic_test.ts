import { deepEqual, equal, ok } from "node:assert/strict";
import { distance, signal, values } from "./_signals.ts";

const TURN = 2 * Math.PI;

Deno.test("sine oscillates around its mean, with its phase as a share of the period", () => {
  const wave = signal({
    sine: { mean: 50, amplitude: 30, period: "1m", phase: 0.25 },
  });
  for (
    const [time, value] of [[-1, 80], [0, 80], [15_000, 50], [30_000, 20], [
      60_000,
      80,
    ]]
  ) ok(distance(wave.at(time), value) < 1e-12);
  deepEqual([wave.end, wave.constant], [Infinity, false]);
});

Deno.test("sine with amplitude 0 is constant", () => {
  const flat = signal({ sine: { mean: 3, amplitude: 0, period: 10 } });
  deepEqual([flat.constant, flat.at(7), flat.end], [true, 3, 0]);
});

Deno.test("sine that never falls below 0 has the integral of its antiderivative", () => {
  const wave = signal({
    sine: { mean: 50, amplitude: 30, period: 1000, phase: 0.1 },
  });
  const primitive = (t: number) =>
    50 * t - 30 * 1000 / TURN * Math.cos(TURN * (t / 1000 + 0.1));
  for (const time of [1, 333, 500, 1000, 12_345.678]) {
    const expected = primitive(time) - primitive(0);
    ok(distance(wave.integral(time), expected) < 1e-12);
    ok(distance(wave.inverse(expected), time) < 1e-12);
  }
  equal(wave.integral(0), 0);
  equal(wave.inverse(0), 0);
});

Deno.test("sine below 0 adds nothing to the integral, and the end of a lobe is not delayed to the next lobe", () => {
  const lobe = 1000 / Math.PI; // of amplitude 1 and period 1000
  const wave = signal({ sine: { mean: 0, amplitude: 1, period: 1000 } });
  ok(distance(wave.integral(500), lobe) < 1e-14);
  ok(distance(wave.integral(1000), lobe) < 1e-14);
  ok(distance(wave.integral(10_500), 11 * lobe) < 1e-14);
  ok(distance(wave.inverse(lobe / 2), 250) < 1e-12);
  ok(distance(wave.inverse(lobe), 500) < 1e-6);
  ok(distance(wave.inverse(2.5 * lobe), 2250) < 1e-12);
  // With a negative amplitude, the lobe is the second half.
  const negative = signal({ sine: { mean: 0, amplitude: -1, period: 1000 } });
  equal(negative.integral(500) < 1e-12, true);
  ok(distance(negative.integral(1000), lobe) < 1e-14);
  ok(distance(negative.inverse(lobe / 2), 750) < 1e-12);
  // A start in the middle of a lobe.
  const late = signal({
    sine: { mean: 0, amplitude: 1, period: 1000, phase: 0.25 },
  });
  ok(distance(late.integral(5000), 5 * lobe) < 1e-14);
  ok(distance(late.inverse(lobe), 1000) < 1e-12);
});

Deno.test("sine that never rises above 0 has no integral and no arrivals", () => {
  for (const mean of [-1, -2]) {
    const wave = signal({ sine: { mean, amplitude: 1, period: 1000 } });
    deepEqual([wave.integral(5000), wave.inverse(1)], [0, Infinity]);
  }
});

Deno.test("square is high for its duty, then low, and starts again", () => {
  const square = signal({
    square: { low: 10, high: 90, period: "10s", duty: 0.3 },
  });
  deepEqual(values(square, [-1, 0, 2999, 3000, 9999, 10_000, 13_000]), [
    90,
    90,
    90,
    10,
    10,
    90,
    10,
  ]);
  equal(square.integral(25_000), 2 * 340_000 + 270_000 + 20_000);
  equal(square.inverse(680_000), 20_000);
  deepEqual([square.end, square.constant], [Infinity, false]);
});

Deno.test("square keeps arrivals on time for 1000 arrivals with pauses", () => {
  const bursts = signal({ square: { low: 0, high: 10, period: "2s" } });
  const arrivals = Array.from(
    { length: 1000 },
    (_, i) => bursts.inverse((i + 1) * 1000),
  );
  ok(
    arrivals.every((time, i) =>
      distance(time, Math.floor(i / 10) * 2000 + (i % 10 + 1) * 100) < 1e-12
    ),
  );
});

Deno.test("square that is always high, always low, or flat is constant", () => {
  const flat = (low: number, high: number, duty: number) => {
    const square = signal({ square: { low, high, period: 10, duty } });
    return [square.constant, square.at(5)];
  };
  deepEqual(flat(1, 2, 0), [true, 1]);
  deepEqual(flat(1, 2, 1), [true, 2]);
  deepEqual(flat(2, 2, 0.5), [true, 2]);
});

Deno.test("repeat starts its signal again after each period, even before the end of the signal", () => {
  const saw = signal({
    repeat: { signal: { ramp: { from: 0, to: 10, over: 100 } }, period: 50 },
  });
  deepEqual(values(saw, [-1, 0, 25, 50, 75, 100, 149]), [
    0,
    0,
    2.5,
    0,
    2.5,
    0,
    4.9,
  ]);
  equal(saw.integral(100), 250);
  equal(saw.integral(125), 250 + 31.25);
  equal(saw.inverse(250), 100);
  equal(saw.inverse(281.25), 125);
  deepEqual([saw.integral(0), saw.inverse(0)], [0, 0]);
  const rest = signal({
    repeat: { signal: { ramp: { from: 0, to: 10, over: 100 } }, period: 200 },
  });
  deepEqual(values(rest, [150, 200, 250]), [10, 0, 5]);
});

Deno.test("repeat of a constant is constant, and repeat of a negative signal has no arrivals", () => {
  ok(signal({ repeat: { signal: 4, period: 10 } }).constant);
  const nothing = signal({
    repeat: { signal: { ramp: { from: -2, to: -1, over: 5 } }, period: 10 },
  });
  deepEqual([nothing.integral(100), nothing.inverse(1)], [0, Infinity]);
});
