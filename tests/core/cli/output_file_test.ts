import { deepEqual, equal, throws } from "node:assert/strict";
import { checkOutput, writeOutput } from "../../../core/cli/output_file.ts";
import { folderWith } from "../../support/plugins.ts";

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("writeOutput() makes and replaces a file, also behind a link, and leaves nothing else", async () => {
  await using folder = await folderWith({ "old.json": "old" });
  const at = (name: string) => `${folder.path}/${name}`;
  Deno.chmodSync(at("old.json"), 0o600);
  Deno.symlinkSync(at("old.json"), at("link.json"));
  writeOutput(at("new.json"), "new");
  writeOutput(at("link.json"), "through the link");
  equal(Deno.readTextFileSync(at("new.json")), "new");
  equal(Deno.readTextFileSync(at("old.json")), "through the link");
  equal((Deno.statSync(at("old.json")).mode ?? 0) & 0o777, 0o600);
  equal(Deno.lstatSync(at("link.json")).isSymlink, true);
  deepEqual(namesIn(folder.path), ["link.json", "new.json", "old.json"]);
});

Deno.test("writeOutput() replaces nothing but a regular file", async () => {
  await using folder = await folderWith({});
  const at = (name: string) => `${folder.path}/${name}`;
  const { success } = await new Deno.Command("mkfifo", { args: [at("pipe")] })
    .output();
  equal(success, true);
  Deno.mkdirSync(at("folder"));
  Deno.symlinkSync("/dev/null", at("device"));
  Deno.symlinkSync(at("none"), at("dangling"));
  for (const name of ["pipe", "folder", "device"]) {
    throws(() => writeOutput(at(name), "x"), /no regular file$/, name);
    throws(() => checkOutput(at(name)), /no regular file$/, name);
  }
  throws(() => writeOutput(at("dangling"), "x"), /a link that leads nowhere$/);
  equal(Deno.lstatSync(at("pipe")).isFifo, true);
  deepEqual(namesIn(folder.path), ["dangling", "device", "folder", "pipe"]);
});

Deno.test("checkOutput() finds out whether a file can be written, and leaves nothing behind", async () => {
  await using folder = await folderWith({ "old.json": "old" });
  const { path } = folder;
  checkOutput(`${path}/new.json`);
  checkOutput(`${path}/old.json`);
  equal(Deno.readTextFileSync(`${path}/old.json`), "old");
  throws(
    () => checkOutput(`${path}/none/out.json`),
    new Error(`there is no folder ${path}/none`),
  );
  throws(() => checkOutput(`${path}/old.json/out.json`));
  deepEqual(namesIn(path), ["old.json"]);
});

Deno.test("writeOutput() leaves no draft where it fails", async () => {
  await using folder = await folderWith({});
  throws(() => writeOutput(`${folder.path}/none/out.json`, "x"));
  Deno.mkdirSync(`${folder.path}/out`);
  deepEqual(namesIn(folder.path), ["out"]);
});
