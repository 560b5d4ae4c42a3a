import { equal } from "node:assert/strict";
import {
  escapeJson,
  escapeMarkup,
  isMarkup,
} from "../../../core/lib/markup.ts";

Deno.test("isMarkup() is true for all types that a browser may read as HTML or XML", () => {
  for (
    const type of [
      "text/html",
      "TEXT/HTML; charset=utf-8",
      "application/xhtml+xml",
      "image/svg+xml",
      "application/xml",
      "text/xml",
      // A browser guesses these.
      "",
      "html",
      "*/*",
      "unknown/unknown",
    ]
  ) equal(isMarkup(type), true, type);
  for (
    const type of [
      "text/plain",
      "application/json",
      "text/event-stream",
      "text/css",
      "image/png",
    ]
  ) equal(isMarkup(type), false, type);
});

Deno.test("escapeMarkup() leaves nothing that opens a tag, ends an attribute or begins an entity", () => {
  equal(
    escapeMarkup(`<a b="c" d='e'>&amp;`),
    "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;",
  );
});

Deno.test("escapeJson() changes the text of JSON and not its meaning", () => {
  const value = `</script><!-- & ' " \\`;
  const escaped = escapeJson(JSON.stringify(value));
  equal(/[<>&']/.test(escaped), false);
  equal(JSON.parse(escaped), value);
});
