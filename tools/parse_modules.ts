/**
 * Parses the product's files and writes them to the JSON file that is the first argument. It is a test, because Deno offers
 * its parser to tests only; tools/graph.ts runs it.
 *
 * @module
 */
import { parseAll, parseFile } from "./sources.ts";

Deno.test("The files of the product can be parsed", async () => {
  const files = [
    await parseFile("mod.ts"),
    ...await parseAll("core", "plugins"),
  ];
  const modules = files.map(({ path, text, imports }) => ({
    path,
    text,
    imports,
  }));
  await Deno.writeTextFile(Deno.args[0], JSON.stringify(modules));
});
