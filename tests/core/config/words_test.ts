import assert from "node:assert/strict";
import {
  alternatives,
  kindInWords,
  limitsInWords,
  sentence,
  typeInWords,
  valueInWords,
} from "../../../core/config/words.ts";

Deno.test("typeInWords() and kindInWords() use the right article", () => {
  assert.equal(typeInWords("object"), "an object");
  assert.equal(typeInWords("duration"), "a duration");
  assert.equal(kindInWords([]), "a list");
  assert.equal(kindInWords(undefined), "undefined");
  assert.equal(kindInWords(-Infinity), "-Infinity");
});

Deno.test("valueInWords() quotes short values only", () => {
  assert.equal(valueInWords("a"), '"a"');
  assert.equal(valueInWords("a".repeat(100)), "a long string");
  assert.equal(valueInWords(1n), "1");
  assert.equal(valueInWords({}), "an object");
});

Deno.test("alternatives() lists each entry once, with or before the last", () => {
  assert.equal(alternatives([]), "");
  assert.equal(alternatives(["a"]), "a");
  assert.equal(alternatives(["a", "b", "a", "c"]), "a, b or c");
});

Deno.test("limitsInWords() distinguishes inclusive from exclusive limits", () => {
  assert.equal(limitsInWords({}), "");
  assert.equal(limitsInWords({ min: 1 }), "at least 1");
  assert.equal(limitsInWords({ above: 1 }), "greater than 1");
  assert.equal(limitsInWords({ max: 1 }), "at most 1");
  assert.equal(limitsInWords({ min: 0, max: 1 }), "from 0 to 1");
  assert.equal(
    limitsInWords({ min: 0, above: 0, max: 1 }),
    "greater than 0 and at most 1",
  );
  assert.equal(limitsInWords({ min: 2, above: 0 }), "at least 2");
});

Deno.test("sentence() capitalises a message and removes its full stop", () => {
  assert.equal(sentence(" no good. "), "No good");
  assert.equal(sentence(""), "");
});
