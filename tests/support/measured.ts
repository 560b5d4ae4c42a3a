/** Runs scripts that measure memory, each in a process of its own. */
import { equal } from "node:assert/strict";

/**
 * Runs a script of this folder with `--expose-gc`.
 *
 * @returns the JSON that it printed
 */
export async function measured<T>(script: string): Promise<T> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--v8-flags=--expose-gc",
      new URL(script, import.meta.url).href,
    ],
  }).output();
  equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}
