import { deepEqual, ok } from "node:assert/strict";
import { root } from "../../tools/run.ts";
import { parse, parseAll } from "../../tools/sources.ts";

const product = await parseAll("core", "plugins");
const page = await Deno.readTextFile(`${root}/docs/errors.md`);

/** The codes of the ErrorCode type: the strings of core/errors.ts that are written in capitals. */
const codes = [
  ...parse(
    "core/errors.ts",
    await Deno.readTextFile(`${root}/core/errors.ts`),
  ).strings,
].filter((text) => /^[A-Z]+(_[A-Z]+)+$/.test(text)).toSorted();

Deno.test("Rule 9: docs/errors.md has one heading for each error code, in order", () => {
  const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, name]) => name);
  ok(codes.length > 0);
  deepEqual(headings, codes);
});

Deno.test("Rule 9: docs/errors.md shows an example of each error code and explains what to do", () => {
  const sections = page.split(/^## /m).slice(1);
  const incomplete = sections.filter((section) =>
    !/```\n[^`]+```/.test(section) || !/\*\*What to do\*\*: \S/.test(section)
  );
  deepEqual(incomplete.map((section) => section.split("\n")[0]), []);
});

Deno.test("Rule 9: each error code is thrown somewhere in core or plugins", () => {
  const thrown = new Set(
    product.filter((file) => file.path !== "core/errors.ts")
      .flatMap((file) => [...file.strings]),
  );
  deepEqual(codes.filter((code) => !thrown.has(code)), []);
});
