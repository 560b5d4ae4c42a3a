/**
 * Files that exist during one test.
 *
 * @module
 */

/** Runs `use` with the path of a file that holds `text`. */
export function withFile(text: string, use: (path: string) => void): void {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, text);
    use(path);
  } finally {
    Deno.removeSync(path);
  }
}
