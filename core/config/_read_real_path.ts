/**
 * Finds out whether a path lies within a folder once symbolic links are followed.
 *
 * @module
 */
import { dirname, join, relative, sep } from "node:path";

/**
 * Returns true if a path lies within a folder or is the folder, with symbolic links followed. Of a path that does not exist, or
 * not yet, the part that exists is followed.
 *
 * @param path absolute path
 * @param folder absolute path
 */
export function liesWithin(path: string, folder: string): boolean {
  try {
    const root = Deno.realPathSync(folder);
    const real = realPath(path);
    return real === root ||
      real.startsWith(root.endsWith(sep) ? root : root + sep);
  } catch {
    // A path that cannot be followed may lead anywhere.
    return false;
  }
}

function realPath(path: string): string {
  for (let existing = path;; existing = dirname(existing)) {
    try {
      return join(Deno.realPathSync(existing), relative(existing, path));
    } catch (error) {
      const missing = error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory;
      // A broken link exists, and may be completed later.
      if (!missing || isLink(existing)) throw error;
    }
  }
}

function isLink(path: string): boolean {
  try {
    return Deno.lstatSync(path).isSymlink;
  } catch {
    return false;
  }
}
