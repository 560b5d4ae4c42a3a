import { deepEqual, equal } from "node:assert/strict";
import {
  alignedLines,
  oneLine,
  shortened,
} from "../../../core/lib/terminal_text.ts";

Deno.test("oneLine() escapes what a terminal would obey, and what changes the order of a text", () => {
  equal(
    oneLine("a\n\u001b[31mb\u0085\u202ec\u2028d ü…"),
    "a\\n\\u001b[31mb\\u0085\\u202ec\\u2028d ü…",
  );
});

Deno.test("alignedLines() aligns the first column to the left and the others to the right", () => {
  deepEqual(
    alignedLines([["route", "p50"], ["a\n", "1.5"], ["long name", "100.25"]]),
    [
      "route         p50",
      "a\\n           1.5",
      "long name  100.25",
    ],
  );
});

Deno.test("shortened() cuts the middle of a text that is too long", () => {
  equal(shortened("abcdefgh", 8), "abcdefgh");
  equal(shortened("abcdefgh", 7), "abc…fgh");
  equal(shortened("abcdefgh", 6), "abc…gh");
});
