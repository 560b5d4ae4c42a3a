/**
 * `deno task npm`: makes the npm package `perfmock` of the sources, and packs it. Prints its files and its size.
 *
 * @module
 */
import { configurationSchema } from "../core/app.ts";
import config from "../deno.json" with { type: "json" };
import { inputTypes } from "./input_types.ts";
import {
  ENTRY_POINTS,
  packaged,
  packageJson,
  type PackedDescription,
  scripts,
  STARTED,
} from "./npm_package.ts";
import { print, root, sources } from "./run.ts";

/** Folder of the package and of the packed file, which git ignores. */
const OUTPUT = `${root}/dist`;

/** Folders of the sources. */
const FOLDERS = ["core", "npm", "plugins"];

/** Files that the package has as they are. */
const FURTHER: Readonly<Record<string, string>> = {
  "npm/bin.cjs": "npm/bin.cjs",
  "npm/README.md": "README.md",
  "LICENSE": "LICENSE",
};

/** A packed package, as `npm pack` describes it. */
export interface Packed {
  /** Name of the packed file. */
  readonly filename: string;
  /** Size of the packed file, in bytes. */
  readonly size: number;
  /** Size of all files, in bytes. */
  readonly unpackedSize: number;
  /** Files with their sizes in bytes. */
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/**
 * Makes and packs the package.
 *
 * @param output folder for the packed file, and for its files in the folder `npm`
 */
export async function pack(output = OUTPUT): Promise<Packed> {
  const folder = `${output}/npm`;
  await Deno.remove(folder, { recursive: true }).catch(ignoreAbsence);
  await Deno.mkdir(folder, { recursive: true });
  const description = await emit(folder);
  await Deno.writeTextFile(
    `${folder}/package.json`,
    `${
      JSON.stringify(
        packageJson(description, { deno: await denoVersion() }),
        undefined,
        2,
      )
    }\n`,
  );
  for (const [from, to] of Object.entries(FURTHER)) {
    await Deno.copyFile(`${root}/${from}`, `${folder}/${to}`);
  }
  await Deno.chmod(`${folder}/npm/bin.cjs`, 0o755);
  const [packed] = JSON.parse(
    await succeed(folder, "npm", [
      ...["pack", "--json", "--ignore-scripts"],
      ...["--pack-destination", output],
    ]),
  ) as Packed[];
  return packed;
}

/** Emits JavaScript and declarations into a folder, and returns what `deno pack` says about them. */
async function emit(folder: string): Promise<PackedDescription> {
  const stage = await Deno.makeTempDir({ prefix: "perfmock-npm-" });
  try {
    await copySources(stage);
    await succeed(stage, Deno.execPath(), [
      ...["pack", "--quiet", "--allow-dirty", "--no-source-maps"],
      ...["--output", "packed.tgz"],
    ]);
    await succeed(stage, "tar", [
      ...["-xzf", "packed.tgz", "--strip-components=1", "-C", folder],
    ]);
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
  for (const path of await filesIn(folder)) {
    const file = `${folder}/${path}`;
    if (path.endsWith(".ts") && !path.endsWith(".d.ts")) {
      throw new Error(`No module of the package imports or starts ${path}`);
    }
    if (!path.endsWith(".js")) continue;
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, packaged(path, text));
  }
  return JSON.parse(await Deno.readTextFile(`${folder}/package.json`));
}

/** Copies the sources, with a deno.json whose exports are all modules that the package has to have. */
async function copySources(stage: string): Promise<void> {
  const modules = ["mod.ts", ...await sources(...FOLDERS)];
  const started = new Set(STARTED);
  for (const path of modules) {
    const text = await Deno.readTextFile(`${root}/${path}`);
    for (const script of scripts(path, text)) started.add(script);
  }
  const texts = (await filesIn(`${root}/plugins`))
    .filter((path) => path.endsWith(".js")).map((path) => `plugins/${path}`);
  for (const path of [...modules, ...texts, "deno.lock"]) {
    const to = `${stage}/${path}`;
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    await Deno.copyFile(`${root}/${path}`, to);
  }
  await Deno.writeTextFile(
    `${stage}/npm/configuration.ts`,
    inputTypes(await configurationSchema()),
  );
  const { name, version, license, imports, compilerOptions, unstable } = config;
  await Deno.writeTextFile(
    `${stage}/deno.json`,
    JSON.stringify({
      ...{ name, version, license, imports, compilerOptions, unstable },
      exports: {
        ...Object.fromEntries(
          Object.entries(ENTRY_POINTS).map(([name, source]) => [
            name,
            `./${source}`,
          ]),
        ),
        ...Object.fromEntries(
          [...started].map((source) => [`./${source}`, `./${source}`]),
        ),
      },
      publish: { include: texts },
    }),
  );
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

/** Returns the paths of all files below a folder, relative to it and sorted. */
async function filesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  const walk = async (path: string): Promise<void> => {
    for await (
      const { name, isDirectory } of Deno.readDir(`${folder}/${path}`)
    ) {
      if (isDirectory) await walk(`${path}${name}/`);
      else found.push(path + name);
    }
  };
  await walk("");
  return found.toSorted();
}

/** Runs a program in a folder, and returns its output; throws with its errors if it fails. */
async function succeed(
  cwd: string,
  program: string,
  args: readonly string[],
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder();
  if (success) return text.decode(stdout);
  throw new Error(`Cannot run ${program} ${args[0]}: ${text.decode(stderr)}`);
}

function ignoreAbsence(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

if (import.meta.main) {
  const { filename, files, size, unpackedSize } = await pack();
  for (const { path, size } of files) {
    print(`${`${size}`.padStart(8)}  ${path}`);
  }
  const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(0)} kB`;
  print(
    `dist/${filename}: ${kilobytes(size)} packed, ${
      kilobytes(unpackedSize)
    } unpacked, ${files.length} files`,
  );
}
