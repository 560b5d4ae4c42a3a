import { equal, ok } from "node:assert/strict";
import { gauss, gaussKronrod } from "../../../core/lib/quadrature.ts";

/** Integral of x^degree from 1 to 3. */
function power(degree: number): number {
  return (3 ** (degree + 1) - 1) / (degree + 1);
}

function relativeError(found: number, expected: number): number {
  return Math.abs(found / expected - 1);
}

Deno.test("gauss() is exact for polynomials up to degree 13, and only for those", () => {
  for (let degree = 0; degree <= 13; degree++) {
    const found = gauss((x) => x ** degree, 1, 3);
    ok(relativeError(found, power(degree)) < 1e-14, `degree ${degree}`);
  }
  ok(relativeError(gauss((x) => x ** 14, 1, 3), power(14)) > 1e-12);
});

Deno.test("gaussKronrod() is exact for polynomials up to degree 22 by Kronrod's rule", () => {
  for (let degree = 0; degree <= 22; degree++) {
    const { kronrod } = gaussKronrod((x) => x ** degree, 1, 3);
    ok(relativeError(kronrod, power(degree)) < 1e-14, `degree ${degree}`);
  }
});

Deno.test("gaussKronrod() returns the same number as gauss() beside Kronrod's", () => {
  const evaluated = new Set<number>();
  const f = (x: number) => {
    evaluated.add(x);
    return Math.exp(Math.sin(7 * x));
  };
  const both = gaussKronrod(f, -2, 0.3);
  equal(evaluated.size, 15);
  equal(both.gauss, gauss(f, -2, 0.3));
  equal(evaluated.size, 15, "Gauss's nodes are among Kronrod's");
  ok(both.gauss !== both.kronrod);
});
