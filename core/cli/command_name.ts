/**
 * Command by which a user starts perfmock on Deno.
 *
 * @module
 */
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Returns the command that starts perfmock, for hints in messages: `deno run -A mod.ts` for a file, and `perfmock` for a package, as
 * `deno install` names it.
 *
 * @param mainModule URL of the module that the process began with
 * @param folder working directory
 */
export function commandName(mainModule: string, folder: string): string {
  if (!mainModule.startsWith("file:")) return "perfmock";
  const path = fileURLToPath(mainModule);
  const near = relative(folder, path);
  const shown = near.startsWith("..") || isAbsolute(near) ? path : near;
  return `deno run -A ${/\s/.test(shown) ? JSON.stringify(shown) : shown}`;
}
