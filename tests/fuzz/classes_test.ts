import { deepEqual } from "node:assert/strict";
import { CLASSES } from "./_classes.ts";

Deno.test("docs/http.md lists each known disagreement with Node's parser", async () => {
  const text = await Deno.readTextFile(
    new URL("../../docs/http.md", import.meta.url),
  );
  const rows = text.split("\n").filter((line) => line.startsWith("| "))
    .map((line) => line.replaceAll(/ +/g, " "));
  deepEqual(
    CLASSES.filter(({ name, perfmock, node, reason }) =>
      !rows.includes(`| ${name} | ${perfmock} | ${node} | ${reason} |`)
    ),
    [],
  );
});
