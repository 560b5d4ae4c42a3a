/** Plugins, and files that contain plugins. */
import type { Instance, Plugin, RouteHooks } from "../../core/plugin.ts";

/** Makes a plugin that sets up the given instance. */
export function plugin(
  name: string,
  instance: Instance = {},
  more: Partial<Plugin> = {},
): Plugin {
  return { name, version: "1.0.0", setup: () => instance, ...more };
}

/** Makes a plugin that gives the same hooks to every route. */
export function hooks(name: string, given: RouteHooks): Plugin {
  return plugin(name, { route: () => given });
}

/** Makes a temporary folder with files in it, and removes it at the end of the test. */
export async function folderWith(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly url: URL; readonly path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, text);
  }
  return {
    path,
    url: new URL(`file://${path}/`),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
