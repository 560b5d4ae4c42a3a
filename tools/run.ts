/**
 * Starts the running Deno on the repository, for the other tools.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/** Absolute path of the repository, without a slash at its end. */
export const root: string = fileURLToPath(new URL("..", import.meta.url))
  .replace(/\/$/, "");

/** Reads one file; empty if there is none. */
export async function readIfThere(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

/** Runs `deno` in the repository and shows its output; returns the exit status. */
export async function deno(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<number> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  });
  return (await command.output()).code;
}

/** Runs `deno` in the repository and returns its standard output, followed by its standard error. */
export async function denoQuietly(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ readonly code: number; readonly output: string }> {
  const command = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: root,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
  });
  const { code, stdout, stderr } = await command.output();
  const text = new TextDecoder();
  return { code, output: text.decode(stdout) + text.decode(stderr) };
}

/** Paths of the TypeScript files under some folders, relative to the repository and sorted. */
export async function sources(...folders: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const folder of folders) await walk(folder, found);
  return found.toSorted();
}

async function walk(folder: string, found: string[]): Promise<void> {
  for await (const entry of Deno.readDir(`${root}/${folder}`)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory && entry.name !== "node_modules") {
      await walk(path, found);
    } else if (entry.name.endsWith(".ts")) found.push(path);
  }
}

/** Writes one line to standard output. */
export function print(line = ""): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
