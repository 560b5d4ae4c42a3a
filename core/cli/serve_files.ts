/**
 * Files of a configuration that `serve` watches, and the port that it takes where none is configured.
 *
 * @module
 */
import { PerfmockError } from "../errors.ts";
import { messageOfThrown } from "../lib/thrown.ts";
import type { LoadedConfiguration } from "./configuration.ts";
import { FileWatch, namedFiles, type WatchedFiles } from "./watch.ts";

/** Port where none is configured; a server in a library picks a free one. */
export const DEFAULT_PORT = 8080;

/**
 * Watches the files of a configuration.
 *
 * @param reload reads them again; returns those to watch from then on, undefined for the same
 * @returns undefined if the configuration comes from no file
 * @throws PerfmockError if the file cannot be watched
 */
export async function watching(
  configuration: LoadedConfiguration,
  reload: () => Promise<WatchedFiles | undefined>,
): Promise<FileWatch | undefined> {
  const files = watchedFiles(configuration);
  if (files === undefined) return undefined;
  try {
    return await FileWatch.start(files, reload);
  } catch (error) {
    throw new PerfmockError("ARGUMENT_INVALID", "Cannot use --watch", [{
      path: "",
      message: messageOfThrown(error),
      value: files.file,
      allowed:
        "a file on a file system that tells of changes, with the permission --allow-read",
    }], { cause: error });
  }
}

/** Returns the files of a configuration; undefined if it comes from none. */
export function watchedFiles(
  { file, folder, input }: Pick<
    LoadedConfiguration,
    "file" | "folder" | "input"
  >,
): WatchedFiles | undefined {
  return file === undefined
    ? undefined
    : { file, named: namedFiles(input, folder) };
}
