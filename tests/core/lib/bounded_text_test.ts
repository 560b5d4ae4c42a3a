import { equal } from "node:assert/strict";
import fc from "fast-check";
import { detached, excerpt } from "../../../core/lib/bounded_text.ts";

const LONG = "x".repeat(1000);

Deno.test("excerpt() cuts long texts only, and splits no character", () => {
  equal(excerpt("abc", 3), "abc");
  equal(excerpt("abcd", 3), "ab…");
  equal(excerpt(`${"a".repeat(8)}😀b`, 10), `${"a".repeat(8)}\ufffd…`);
  equal(excerpt("a".repeat(5000)).length, 1024);
});

Deno.test("detached() returns the same text", () => {
  fc.assert(
    fc.property(fc.string(), (text) => detached(text) === text),
    { seed: 1 },
  );
  equal(detached(LONG), LONG);
});
