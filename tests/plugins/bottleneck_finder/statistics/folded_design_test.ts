import { deepEqual, equal, ok } from "node:assert/strict";
import { FoldedDesign } from "../../../../plugins/bottleneck_finder/statistics/folded_design.ts";
import { uniforms } from "../../../support/synthetic_pages.ts";

function replicate(design: FoldedDesign): number[][] {
  return Array.from({ length: design.pairs }, () => design.take()).flat()
    .map((row) => row.map((on) => on ? 1 : -1));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + value * b[at], 0);
}

Deno.test("FoldedDesign: main effects are orthogonal to each other, to the mean and to all products of two", () => {
  for (const factors of [1, 2, 3, 5, 8, 11, 13, 20, 40]) {
    const rows = replicate(new FoldedDesign(factors, uniforms(factors)));
    equal(rows.length % 2, 0);
    const columns = Array.from(
      { length: factors },
      (_, at) => rows.map((row) => row[at]),
    );
    for (const [a, first] of columns.entries()) {
      equal(dot(first, rows.map(() => 1)), 0);
      for (const [b, second] of columns.entries()) {
        equal(dot(first, second), a === b ? rows.length : 0);
        const product = second.map((value, at) => value * columns[0][at]);
        equal(dot(first, product), 0);
      }
    }
  }
});

Deno.test("FoldedDesign: the rows of a pair are mirror images", () => {
  const design = new FoldedDesign(7, uniforms(1));
  for (let i = 0; i < 20; i++) {
    const [row, mirror] = design.take();
    deepEqual(mirror, row.map((on) => !on));
  }
});

Deno.test("FoldedDesign: pairs of factors that are varied alike in one replicate are told apart in another", () => {
  const design = new FoldedDesign(8, uniforms(5));
  const product = (rows: number[][], a: number, b: number) =>
    rows.map((row) => row[a] * row[b]);
  const alike = (rows: number[][]) => {
    let count = 0;
    for (let a = 1; a < 8; a++) {
      for (let b = a + 1; b < 8; b++) {
        const size = Math.abs(dot(product(rows, 0, 1), product(rows, a, b)));
        if (size === rows.length) count++;
      }
    }
    return count;
  };
  const first = replicate(design);
  ok(alike(first) > 0);
  const both = [...first, ...replicate(design), ...replicate(design)];
  equal(alike(both), 0);
});

Deno.test("FoldedDesign: the same random numbers give the same plan", () => {
  const plan = (seed: number) => replicate(new FoldedDesign(6, uniforms(seed)));
  deepEqual(plan(3), plan(3));
  ok(JSON.stringify(plan(3)) !== JSON.stringify(plan(4)));
});
