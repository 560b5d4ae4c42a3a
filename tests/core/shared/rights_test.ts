import { deepEqual, ok } from "node:assert/strict";
import { TRIED } from "../../../core/shared/_rights.ts";

/** Folders with files that contain scripts of Redis. */
const FOLDERS = ["core/shared", "core/cluster", "plugins/limiter/shared"];

Deno.test("the rights that are tried at the start are those of all commands of the scripts", async () => {
  const used = new Set<string>();
  for (const folder of FOLDERS) {
    const url = new URL(`../../../${folder}/`, import.meta.url);
    for await (const { name } of Deno.readDir(url)) {
      if (!name.endsWith(".ts")) continue;
      const text = await Deno.readTextFile(new URL(name, url));
      for (const [, command] of text.matchAll(/redis\.call\('(\w+)'/g)) {
        used.add(command);
      }
    }
  }
  ok(used.size > 20);
  deepEqual([...used].filter((command) => !TRIED.has(command)), []);
});
