/**
 * Parses the emitted files in the folder that is the first argument, and writes their imports to the JSON file that is the second. It
 * is a test, because Deno offers its parser to tests only; tools/npm.ts runs it.
 *
 * @module
 */
import { parse } from "./sources.ts";
import { filesIn } from "./npm_package.ts";

Deno.test("The files of the npm package can be parsed", async () => {
  const [folder, result] = Deno.args;
  const files = (await filesIn(folder)).filter((path) =>
    /\.(js|d\.ts)$/.test(path)
  );
  const modules = await Promise.all(
    files.map(async (path) => {
      const text = await Deno.readTextFile(`${folder}/${path}`);
      // The parser knows JavaScript with types too.
      const { imports } = parse(path.replace(/\.js$/, ".ts"), text);
      return { path, text, imports };
    }),
  );
  await Deno.writeTextFile(result, JSON.stringify(modules));
});
