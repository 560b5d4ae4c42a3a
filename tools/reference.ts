/**
 * `deno task docs`: writes docs/reference, the pages on every key, call, metric, dial, hook, option and error, from schemas and doc
 * comments. With `--check` it writes nothing, and fails where a page is not current.
 *
 * @module
 */
import { print, readIfThere, root } from "./run.ts";
import { codePages } from "./reference/code_pages.ts";
import { serverPages } from "./reference/server_pages.ts";
import { settingsPages } from "./reference/settings_pages.ts";

/** Folder of the pages, relative to the repository. */
const FOLDER = "docs/reference";

/** Makes all pages, by path. */
export async function referencePages(): Promise<Map<string, string>> {
  const pages = {
    ...await settingsPages(),
    ...await serverPages(),
    ...await codePages(),
  };
  return new Map(
    Object.entries(pages).toSorted(([a], [b]) => a < b ? -1 : 1)
      .map(([name, text]) => [`${FOLDER}/${name}`, text]),
  );
}

/** Pages that differ from the files, and files that are no pages. */
export async function staleFiles(
  pages: ReadonlyMap<string, string>,
): Promise<string[]> {
  const stale: string[] = [];
  for (const [path, text] of pages) {
    if (await readIfThere(`${root}/${path}`) !== text) stale.push(path);
  }
  for await (const { name } of Deno.readDir(`${root}/${FOLDER}`)) {
    if (!pages.has(`${FOLDER}/${name}`)) stale.push(`${FOLDER}/${name}`);
  }
  return stale.toSorted();
}

async function main(args: readonly string[]): Promise<number> {
  await Deno.mkdir(`${root}/${FOLDER}`, { recursive: true });
  const pages = await referencePages();
  const stale = await staleFiles(pages);
  if (args.includes("--check")) {
    for (const path of stale) print(`${path} is not current`);
    if (stale.length > 0) print("Run deno task docs");
    return stale.length === 0 ? 0 : 1;
  }
  for (const path of stale) {
    const text = pages.get(path);
    if (text === undefined) await Deno.remove(`${root}/${path}`);
    else await Deno.writeTextFile(`${root}/${path}`, text);
    print(`${text === undefined ? "removed" : "wrote"} ${path}`);
  }
  print(`${pages.size} pages are current`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
