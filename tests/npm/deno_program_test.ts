import { equal, match, throws } from "node:assert/strict";
import {
  cannotRun,
  denoProgram,
  type Machine,
  packageManager,
} from "../../npm/deno_program.ts";
import { PerfmockError } from "../../mod.ts";

const LINUX = { platform: "linux", arch: "x64", glibc: true };

/** A project with the package `perfmock`; `installed` names the packages of programs that are there. */
async function project(
  installed: readonly string[],
): Promise<
  { readonly path: string; readonly module: string } & AsyncDisposable
> {
  const path = await Deno.realPath(
    await Deno.makeTempDir({ prefix: "perfmock-test-" }),
  );
  const own = `${path}/node_modules/perfmock`;
  await Deno.mkdir(own, { recursive: true });
  const optionalDependencies = Object.fromEntries(
    ["win32-x64", "darwin-arm64", "linux-x64-glibc", "linux-arm64-glibc"]
      .map((name) => [`@deno/${name}`, "2.9.6"]),
  );
  await Deno.writeTextFile(
    `${own}/package.json`,
    JSON.stringify({ name: "perfmock", optionalDependencies }),
  );
  for (const name of installed) {
    const folder = `${path}/node_modules/@deno/${name}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(`${folder}/package.json`, "{}");
    const program = name.startsWith("win32") ? "deno.exe" : "deno";
    await Deno.writeTextFile(`${folder}/${program}`, "");
  }
  return {
    path,
    module: `${own}/index.js`,
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}

/** Finds the program as Node.js does. */
function find(
  module: string,
  machine: Machine = LINUX,
  named?: string,
  runtime: Readonly<Record<string, string>> = {},
): string {
  return denoProgram(module, machine, named, runtime);
}

/** Checks that there is no program, and returns the message. */
function refusal(...args: Parameters<typeof find>): string {
  let message = "";
  throws(() => find(...args), (error) => {
    if (!(error instanceof PerfmockError)) return false;
    message = error.message;
    return error.code === "SERVER_NOT_STARTED";
  });
  return message;
}

Deno.test("denoProgram() finds the program of each platform that the package deno names", async () => {
  await using folder = await project([
    ...["win32-x64", "darwin-arm64", "linux-x64-glibc", "linux-arm64-glibc"],
  ]);
  const found = (platform: string, arch: string) =>
    find(folder.module, { platform, arch, glibc: true })
      .slice(`${folder.path}/node_modules/`.length);
  equal(found("linux", "x64"), "@deno/linux-x64-glibc/deno");
  equal(found("linux", "arm64"), "@deno/linux-arm64-glibc/deno");
  equal(found("darwin", "arm64"), "@deno/darwin-arm64/deno");
  equal(found("win32", "x64"), "@deno/win32-x64/deno.exe");
});

Deno.test("denoProgram() says for which platforms there are programs where there is none for this one", async () => {
  await using folder = await project([]);
  const message = refusal(folder.module, { platform: "freebsd", arch: "x64" });
  match(
    message,
    /no program of Deno for freebsd-x64, only for win32-x64, darwin-arm64, linux-x64-glibc, linux-arm64-glibc\. Set PERFMOCK_DENO to a program of Deno 2\.9\.6 or later/,
  );
});

Deno.test("denoProgram() says what to install where the program was left out", async () => {
  await using folder = await project(["linux-arm64-glibc"]);
  match(
    refusal(folder.module),
    /@deno\/linux-x64-glibc.* is not installed: .*npm install --include=optional/,
  );
});

Deno.test("denoProgram() says that it needs glibc where the system has another C library, for which nothing is installed", async () => {
  await using folder = await project([]);
  match(
    refusal(folder.module, { ...LINUX, glibc: false }),
    /needs Linux with glibc, .*node:22-slim/,
  );
});

Deno.test("denoProgram() says how to have packages in folders where Yarn has them in archives", async () => {
  await using folder = await project(["linux-x64-glibc"]);
  match(
    refusal(folder.module, LINUX, Deno.execPath(), { pnp: "3" }),
    /Plug'n'Play\. Write `nodeLinker: node-modules` into \.yarnrc\.yml/,
  );
});

Deno.test("denoProgram() says so where a bundle holds the program, and the package is missing", async () => {
  await using folder = await project([]);
  await Deno.remove(`${folder.path}/node_modules`, { recursive: true });
  match(
    refusal(`${folder.path}/bundle.js`),
    /Leave the package perfmock out of the bundle/,
  );
});

Deno.test("packageManager() is the one that runs the program", () => {
  equal(packageManager("pnpm/10.1.0 npm/? node/v22.0.0 linux x64"), "pnpm");
  equal(packageManager("yarn/1.22.22 npm/? node/v20.0.0"), "yarn");
  equal(packageManager(""), undefined);
});

Deno.test("denoProgram() prefers the program that PERFMOCK_DENO names, and says so where it is missing", async () => {
  await using folder = await project(["linux-x64-glibc"]);
  equal(find(folder.module, LINUX, Deno.execPath()), Deno.execPath());
  match(
    refusal(folder.module, LINUX, "/nowhere/deno"),
    /no file \/nowhere\/deno, which PERFMOCK_DENO names/,
  );
});

Deno.test("cannotRun() tells a missing C library from other reasons", async () => {
  await using folder = await project(["linux-x64-glibc"]);
  const path = `${folder.path}/node_modules/@deno/linux-x64-glibc/deno`;
  const absent = Object.assign(new Error("spawn"), { code: "ENOENT" });
  match(cannotRun(path, absent).message, /needs Linux with glibc/);
  const denied = Object.assign(new Error("spawn EACCES"), { code: "EACCES" });
  match(cannotRun(path, denied).message, /cannot be run: spawn EACCES/);
});

Deno.test("denoProgram() takes Deno itself where the program runs on it", () => {
  equal(denoProgram(), Deno.execPath());
});
