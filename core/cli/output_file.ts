/**
 * Writes the files that a command line names.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";

/**
 * Checks that a file can be made or replaced at a path: that nothing else is there, such as a folder, a device or a pipe, and that
 * its folder takes a file. Links are followed. Leaves nothing behind.
 *
 * @throws Error with the reason, in words that follow "Cannot write FILE: "
 */
export function checkOutput(file: string): void {
  const path = outputPath(file);
  const draft = draftOf(path);
  try {
    Deno.openSync(draft, { write: true, createNew: true }).close();
  } catch (error) {
    // The system's message names the draft.
    if (error instanceof Deno.errors.NotFound) {
      throw new Error(`there is no folder ${dirname(path)}`);
    }
    if (error instanceof Deno.errors.PermissionDenied) {
      throw new Error(`the folder ${dirname(path)} may not be written to`);
    }
    throw error;
  }
  remove(draft);
}

/** Path of the file that is made or replaced. */
function outputPath(file: string): string {
  let path = file;
  try {
    path = Deno.realPathSync(file);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (isLink(file)) throw new Error("it is a link that leads nowhere");
    return file;
  }
  if (!Deno.statSync(path).isFile) {
    throw new Error("it is there already and no regular file");
  }
  return path;
}

/** Path of a file that is being written. */
function draftOf(path: string): string {
  return join(dirname(path), `.${basename(path)}.${Deno.pid}.draft`);
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}

/**
 * Writes a file under another name in the same folder and renames it, so that no reader sees half of it. Synchronous, so that no
 * signal comes between: an error leaves nothing behind.
 *
 * @throws Error with the reason
 */
export function writeOutput(file: string, text: string): void {
  const path = outputPath(file);
  const draft = draftOf(path);
  const { mode } = existing(path);
  try {
    // createNew fails where the name is taken, by a link or by another process, and leaves that file alone.
    Deno.writeTextFileSync(draft, text, {
      createNew: true,
      ...mode !== null && { mode: mode & 0o777 },
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) remove(draft);
    throw error;
  }
  try {
    Deno.renameSync(draft, path);
  } catch (error) {
    remove(draft);
    throw error;
  }
}

function existing(path: string): Pick<Deno.FileInfo, "mode"> {
  try {
    return Deno.statSync(path);
  } catch {
    return { mode: null };
  }
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch {
    // The draft was never made.
  }
}
