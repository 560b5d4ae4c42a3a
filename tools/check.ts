/**
 * `deno task check`: all checks other than the tests, several at a time. Each check prints one line when it ends, and its
 * output if it failed.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import { denoQuietly, print, readIfThere, root } from "./run.ts";

/** One check. */
interface Check {
  /** Name in the list. */
  readonly name: string;
  /** Arguments of `deno`. */
  readonly args: readonly string[];
}

/** All checks, in the order in which they start: the two fastest first, then the slowest. */
function checks(
  entryPoints: readonly string[],
  documents: readonly string[],
): Check[] {
  return [
    { name: "format", args: ["fmt", "--check"] },
    { name: "lint", args: ["lint"] },
    {
      name: "examples in the documentation",
      args: ["test", "-A", "--parallel", "--doc", ...documents],
    },
    { name: "types", args: ["check", "--quiet", "--frozen", "."] },
    {
      name: "publishing",
      args: ["publish", "--dry-run", "--allow-dirty"],
    },
    { name: "documentation", args: ["doc", "--lint", ...entryPoints] },
    { name: "reference", args: ["run", "-A", "tools/reference.ts", "--check"] },
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

/** Runs all checks, as many at a time as there are cores, and returns the number of passed checks. */
async function runAll(checks: readonly Check[]): Promise<number> {
  const waiting = checks.values();
  let passed = 0;
  const work = async () => {
    // All workers share one iterator, so each check runs once.
    for (const check of waiting) if (await run(check)) passed++;
  };
  const { hardwareConcurrency } = navigator;
  await Promise.all(Array.from({ length: hardwareConcurrency }, work));
  return passed;
}

async function main(): Promise<number> {
  const documents = ["mod.ts", "core", "plugins", "docs"];
  if (await readIfThere(`${root}/README.md`)) documents.push("README.md");
  const all = checks(Object.values(config.exports), documents);
  const passed = await runAll(all);
  print(`${passed} passed, ${all.length - passed} failed`);
  return passed === all.length ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
