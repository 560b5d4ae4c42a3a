import { equal, match, ok } from "node:assert/strict";
import { drawSvg, htmlPage } from "../../../core/lib/drawing.ts";

Deno.test("drawSvg() draws a specification", async () => {
  const svg = await drawSvg({
    data: { values: [{ a: 1, b: "<x>" }] },
    mark: "bar",
    encoding: {
      x: { field: "a", type: "quantitative" },
      y: { field: "b", type: "nominal" },
    },
  });
  match(svg, /^<svg[^]*&lt;x&gt;[^]*<\/svg>$/);
});

Deno.test("htmlPage() writes one file without scripts, with all that it is given as text", () => {
  const html = htmlPage("<t>\u001b", [
    { title: "One & two", svg: "<svg></svg>" },
    {
      title: "Three",
      table: [["head", "b"], ["<i>", "2"]],
      notes: ["n\u202e"],
    },
  ]);
  match(html, /<h1>&lt;t&gt;\\u001b<\/h1>/);
  match(html, /<h2>One &amp; two<\/h2>\n<svg><\/svg>\n<h2>Three<\/h2>/);
  match(html, /<tr><th>head<\/th><th>b<\/th><\/tr>\n<tr><td>&lt;i&gt;<\/td>/);
  match(html, /<p>n\\u202e<\/p>/);
  ok(!html.includes("<script"));
  equal(html.includes("undefined"), false);
});
