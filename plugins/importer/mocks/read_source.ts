/**
 * Finds the files of an import, and reads small ones beside them.
 *
 * @module
 */
import { basename } from "node:path";
import { PerfmockError } from "../../../core/plugin.ts";

/** Returns a place in a file; of several files, with the name of the file. */
export function placeIn(
  files: readonly string[],
  file: string,
  place: string,
): string {
  return files.length === 1 ? place : `${basename(file)}: ${place}`;
}

/** Makes the error of a file. */
export function inFile(
  file: string,
  message: string,
  allowed: string,
): PerfmockError {
  return new PerfmockError("IMPORT_INVALID", `Cannot import ${file}`, [{
    path: "",
    message: `${file}: ${message}`,
    allowed,
  }]);
}

/** Returns the files below a folder whose names end with .json, in alphabetical order; undefined where the path is no folder. */
export function jsonFilesIn(path: string): string[] | undefined {
  try {
    if (!Deno.statSync(path).isDirectory) return undefined;
  } catch {
    // Reading it as a file reports the error.
    return undefined;
  }
  const files: string[] = [];
  const folders = [path];
  for (const folder of folders) {
    for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
      const child = `${folder.replace(/\/$/, "")}/${name}`;
      if (isDirectory) folders.push(child);
      else if (isFile && name.endsWith(".json")) files.push(child);
    }
  }
  return files.sort();
}

/** Returns the text of a small file beside an imported one, such as the body of a stub; undefined where it cannot be read as text. */
export function textBeside(path: string, most: number): string | undefined {
  const size = sizeBeside(path);
  if (size === undefined || size > most) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true })
      .decode(Deno.readFileSync(path));
  } catch {
    return undefined;
  }
}

/** Returns the size of a file beside an imported one, in bytes; undefined where there is none. */
export function sizeBeside(path: string): number | undefined {
  try {
    const { isFile, size } = Deno.statSync(path);
    return isFile ? size : undefined;
  } catch {
    return undefined;
  }
}
