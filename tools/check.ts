/**
 * `deno task check`: everything short of running the tests. Each check prints one line, and its output only where it
 * failed.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { denoQuietly, print, readIfThere, root } from "./run.ts";

/** One check. */
interface Check {
  /** What it is called in the list. */
  readonly name: string;
  /** The arguments of `deno`. */
  readonly args: readonly string[];
}

/** All checks, in the order in which they run: what fails fastest comes first. */
function checks(
  entryPoints: readonly string[],
  documents: readonly string[],
): Check[] {
  return [
    { name: "format", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    { name: "types", args: ["check", "--frozen", "."] },
    { name: "documentation", args: ["doc", "--lint", ...entryPoints] },
    {
      name: "examples in the documentation",
      args: ["test", "-A", "--doc", ...documents],
    },
    {
      name: "publishing",
      args: ["publish", "--dry-run", "--allow-dirty"],
    },
  ];
}

async function run(check: Check): Promise<boolean> {
  const start = performance.now();
  const { code, output } = await denoQuietly(check.args);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  print(`${code === 0 ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
  if (code !== 0) print(`$ deno ${check.args.join(" ")}\n${output}`);
  return code === 0;
}

async function main(): Promise<number> {
  const documents = ["mod.ts", "core", "plugins"];
  if (await readIfThere(`${root}/README.md`)) documents.push("README.md");
  let passed = 0;
  const all = checks(Object.values(config.exports), documents);
  for (const check of all) if (await run(check)) passed++;
  print(`${passed} passed, ${all.length - passed} failed`);
  return passed === all.length ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
