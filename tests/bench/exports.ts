/**
 * Cost of importing each export of the package.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import type { Row } from "./benchmark.ts";
import { quantiles } from "./statistics.ts";

/** Number of processes that import each export. */
const ROUNDS = 7;

/** A module as `deno info --json` describes it. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** Measures all exports: the modules that an import loads, those of packages as one each, and the time that it takes. */
export async function exportRows(quick: boolean): Promise<Row[]> {
  const exports = Object.entries(config.exports);
  const times = new Map<string, number[]>(exports.map(([name]) => [name, []]));
  // Round by round, so that a busy moment of the machine does not count for one export only. The first fills the caches.
  for (let round = -1; round < (quick ? 1 : ROUNDS); round++) {
    for (const [name, path] of exports) {
      const time = await importTime(path);
      if (round >= 0) times.get(name)?.push(time);
    }
  }
  const rows: Row[] = [];
  for (const [name, path] of exports) {
    const [min, median, max] = quantiles(times.get(name) ?? [], [0, 0.5, 1]);
    rows.push({
      what: `import ${config.name}${name.slice(1)}`,
      values: {
        "starts": times.get(name)?.length ?? 0,
        "min ms": min,
        "median ms": median,
        "max ms": max,
        modules: await staticModules(path),
      },
    });
  }
  return rows;
}

/** Imports a module in a process of its own, and returns the time that the import takes, in ms. */
async function importTime(path: string): Promise<number> {
  const { href } = new URL(`../../${path}`, import.meta.url);
  const script = `const start = performance.now(); await import(${
    JSON.stringify(href)
  }); console.log(performance.now() - start); Deno.exit(0);`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    cwd: new URL("../..", import.meta.url),
  }).output();
  const text = new TextDecoder();
  if (code !== 0) {
    throw new Error(`Cannot import ${path}: ${text.decode(stderr)}`);
  }
  return Number(text.decode(stdout));
}

/** Returns the number of modules that an import of some modules loads: without those of dynamic imports. */
export async function staticModules(
  ...paths: readonly string[]
): Promise<number> {
  const reached = new Set<string>();
  for (const path of paths) {
    const file = new URL(`../../${path}`, import.meta.url);
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", file.pathname],
      stderr: "null",
    }).output();
    const { modules, redirects = {} } = JSON.parse(
      new TextDecoder().decode(stdout),
    ) as {
      readonly modules: readonly Module[];
      readonly redirects?: Readonly<Record<string, string>>;
    };
    const known = new Map(modules.map((module) => [module.specifier, module]));
    const visit = (specifier: string) => {
      const target = redirects[specifier] ?? specifier;
      if (reached.has(target)) return;
      reached.add(target);
      for (const { code, isDynamic } of known.get(target)?.dependencies ?? []) {
        if (isDynamic !== true && code?.specifier !== undefined) {
          visit(code.specifier);
        }
      }
    };
    visit(file.href);
  }
  return reached.size;
}
