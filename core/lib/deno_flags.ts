/**
 * Flags with which perfmock starts Deno.
 *
 * @module
 */

/**
 * Flag of `deno run` that gives V8 16 MiB for new objects from the start. V8 shrinks that space to 1 MiB once a server has had little
 * to do for 8 s, and then stops it three times a second, for 0.3 ms each, at only 1000 requests per second. With 16 MiB it does so once
 * in several seconds, and not for longer, because the time depends on the objects that are still in use. Costs up to 32 MiB of memory.
 */
export const YOUNG_SPACE = "--v8-flags=--min-semi-space-size=16";

/**
 * Flags of `deno run` for a module of perfmock, without permissions.
 *
 * @param isInstalled true for a module in the folder of an npm package. The sources have a deno.json of their own, which names modules
 */
export function denoFlags(isInstalled: boolean): string[] {
  return [
    "--unstable-no-legacy-abort",
    YOUNG_SPACE,
    // A project's lock file and deno.json are about its own modules: deno.json may be broken, or have another folder for packages.
    ...isInstalled
      ? ["--no-lock", "--no-config", "--node-modules-dir=manual"]
      : [],
  ];
}
