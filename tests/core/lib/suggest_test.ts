import assert from "node:assert/strict";
import fc from "fast-check";
import { suggest } from "../../../core/lib/suggest.ts";

const FAMILIES = ["normal", "lognormal", "exponential", "uniform", "constant"];

Deno.test("suggest() finds the closest candidate", () => {
  assert.equal(suggest("exponental", FAMILIES), "exponential");
  assert.equal(suggest("lognrmal", FAMILIES), "lognormal");
  assert.equal(suggest("nromal", FAMILIES), "normal");
  assert.equal(suggest("colour", ["color", "column"]), "color");
});

Deno.test("suggest() ignores case and separators", () => {
  assert.equal(suggest("LogNormal", FAMILIES), "lognormal");
  assert.equal(suggest("drain-timeout", ["drainTimeout"]), "drainTimeout");
  assert.equal(suggest("slow_db", ["slow-db"]), "slow-db");
});

Deno.test("suggest() accepts an abbreviation, preferring the candidate with the fewest missing letters", () => {
  assert.equal(suggest("exp", FAMILIES), "exponential");
  assert.equal(
    suggest("conc", ["concurrencyLimit", "concurrency"]),
    "concurrency",
  );
});

Deno.test("suggest() prefers a misspelling to an abbreviation", () => {
  assert.equal(suggest("norm", ["normalised", "nrm"]), "nrm");
});

Deno.test("suggest() returns undefined if no candidate is close", () => {
  assert.equal(suggest("banana", FAMILIES), undefined);
  assert.equal(suggest("", FAMILIES), undefined);
  assert.equal(suggest("x", ["y"]), undefined);
  assert.equal(suggest("normal", []), undefined);
  assert.equal(suggest("normal".repeat(20), FAMILIES), undefined);
  assert.equal(suggest("norma", ["x".repeat(100)]), undefined);
});

Deno.test("suggest() counts a swap of neighbours as one change", () => {
  assert.equal(suggest("ab", ["ba"]), "ba");
  assert.equal(suggest("abc", ["acb"]), "acb");
});

Deno.test("suggest() returns candidates unchanged, and each candidate for itself", () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (word, candidates) => {
      const found = suggest(word, candidates);
      assert.ok(found === undefined || candidates.includes(found));
    }),
    { seed: 3 },
  );
  for (const family of FAMILIES) {
    assert.equal(suggest(family, FAMILIES), family);
  }
});

Deno.test("suggest() compares a bounded number of candidates, and long ones not at all", () => {
  const far = Array(1000).fill("v".repeat(40));
  assert.equal(suggest("w".repeat(40), [...far, "w".repeat(40)]), undefined);
  assert.equal(suggest("normal", [...far, "normal"]), "normal");
  assert.equal(suggest("normal", ["n".repeat(1000), "norma"]), "norma");
});
