/** Plugins and files with plugins in them, for tests of what loads and runs them. */
import type { Instance, Plugin, RouteHooks } from "../../core/plugin.ts";

/** A plugin whose instance is given. */
export function plugin(
  name: string,
  instance: Instance = {},
  more: Partial<Plugin> = {},
): Plugin {
  return { name, version: "1.0.0", setup: () => instance, ...more };
}

/** A plugin that does the same to every route. */
export function hooks(name: string, given: RouteHooks): Plugin {
  return plugin(name, { route: () => given });
}

/** A folder with files in it, gone after the test. */
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
