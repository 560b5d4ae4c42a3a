/**
 * `deno task npm`: makes the npm package `perfmock` of the sources, and packs it with `npm pack`. Prints its size and its files.
 *
 * @module
 */
import config from "../deno.json" with { type: "json" };
import {
  dependencies,
  filesIn,
  neededDeclarations,
  packageJson,
  rewritten,
} from "./npm_package.ts";
import { denoQuietly, print, root, sources } from "./run.ts";
import type { Module } from "./sources.ts";

/** Folder of the package and of the packed file, which git ignores. */
const OUTPUT = `${root}/dist`;

/** Files that are no modules of TypeScript, by their path in the package. */
const FURTHER: Readonly<Record<string, string>> = {
  "npm/bin.cjs": "npm/bin.cjs",
  "npm/README.md": "README.md",
  "LICENSE": "LICENSE",
};

/** A packed package, as `npm pack` describes it. */
interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/**
 * Makes and packs the package.
 *
 * @param output folder for both
 * @returns description of the packed file, which is in the folder
 */
export async function pack(output = OUTPUT): Promise<Packed> {
  const folder = `${output}/npm`;
  await Deno.remove(folder, { recursive: true }).catch(ignoreAbsence);
  await Deno.mkdir(folder, { recursive: true });
  const modules = await emit(folder);
  const texts = rewritten(modules);
  const needed = neededDeclarations(modules);
  for (const [path, text] of texts) {
    const file = `${folder}/${path}`;
    if (path.endsWith(".d.ts") && !needed.has(path)) await Deno.remove(file);
    else await Deno.writeTextFile(file, text);
  }
  const scripts = modules.filter(({ path }) => path.endsWith(".js"));
  const description = packageJson(config, {
    deno: await denoVersion(),
    dependencies: dependencies(scripts, config.imports),
  });
  await Deno.writeTextFile(
    `${folder}/package.json`,
    `${JSON.stringify(description, undefined, 2)}\n`,
  );
  for (const [from, to] of Object.entries(await furtherFiles())) {
    await Deno.copyFile(`${root}/${from}`, `${folder}/${to}`);
  }
  await Deno.chmod(`${folder}/npm/bin.cjs`, 0o755);
  return await npmPack(folder, output);
}

/** Emits JavaScript and declarations of all modules into a folder, and returns them with their imports as written in the sources. */
async function emit(folder: string): Promise<Module[]> {
  const files = ["mod.ts", ...await sources("core", "npm", "plugins")];
  await succeed([
    "transpile",
    "--quiet",
    "--declaration",
    `--outdir=${folder}`,
    ...files,
  ]);
  const result = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await succeed([
      ...["test", "-A", "--no-check", `${root}/tools/parse_package.ts`],
      ...["--", folder, result],
    ]);
    return JSON.parse(await Deno.readTextFile(result));
  } finally {
    await Deno.remove(result);
  }
}

/** Files to copy: those listed, and scripts for browsers, which modules import as texts. */
async function furtherFiles(): Promise<Record<string, string>> {
  const scripts = (await filesIn(`${root}/plugins`))
    .filter((path) => path.endsWith(".js"))
    .map((path) => `plugins/${path}`);
  return {
    ...Object.fromEntries(scripts.map((path) => [path, path])),
    ...FURTHER,
  };
}

/** Version of Deno that README names. */
async function denoVersion(): Promise<string> {
  const text = await Deno.readTextFile(`${root}/README.md`);
  const [, version] = /npx -y deno@([0-9.]+) /.exec(text) ?? [];
  if (version === undefined) {
    throw new Error("Cannot make the npm package: README.md names no Deno");
  }
  return version;
}

async function npmPack(folder: string, output: string): Promise<Packed> {
  const { success, stdout, stderr } = await new Deno.Command("npm", {
    args: ["pack", "--json", "--pack-destination", output],
    cwd: folder,
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot pack: ${text.decode(stderr)}`);
  const [packed] = JSON.parse(text.decode(stdout)) as Packed[];
  return packed;
}

async function succeed(args: readonly string[]): Promise<void> {
  const { code, output } = await denoQuietly(args);
  if (code !== 0) throw new Error(`deno ${args[0]} failed:\n${output}`);
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

if (import.meta.main) {
  const { filename, files, size, unpackedSize } = await pack();
  for (const { path, size } of files) {
    print(`${`${size}`.padStart(8)}  ${path}`);
  }
  const kilo = (bytes: number) => `${(bytes / 1000).toFixed(0)} kB`;
  print(
    `dist/${filename}: ${kilo(size)} packed, ${
      kilo(unpackedSize)
    } unpacked, ${files.length} files`,
  );
}
