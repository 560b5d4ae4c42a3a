import { deepEqual, equal, match, rejects, throws } from "node:assert/strict";
import {
  checkFile,
  FileError,
  linesOf,
  openRegular,
  readText,
  readTextSync,
} from "../../../core/lib/read_file.ts";
import { folderWith } from "../../support/plugins.ts";

const LIMITS = { bytes: 1000, lines: 5, length: 20 };

/** Every way to read a file. */
const READERS: Readonly<Record<string, (path: string) => unknown>> = {
  checkFile: (path) => checkFile(path, LIMITS),
  openRegular: (path) => openRegular(path).close(),
  readTextSync: (path) => readTextSync(path, LIMITS),
  linesOf: (path) => [...linesOf(path, LIMITS)],
  readText: (path) => readText(path, LIMITS),
};

/** Runs a reader and returns the message and the allowed values of its error. */
async function refusal(
  read: (path: string) => unknown,
  path: string,
): Promise<string> {
  try {
    await read(path);
  } catch (error) {
    if (error instanceof FileError) {
      return `${error.message} | ${error.allowed}`;
    }
    throw error;
  }
  return "read";
}

async function pipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] })
    .output();
  equal(success, true);
}

for (const [name, read] of Object.entries(READERS)) {
  Deno.test(`${name}() refuses what is no regular file, behind a link too, without opening it`, async () => {
    await using folder = await folderWith({ "a.txt": "a\nb" });
    const at = (file: string) => `${folder.path}/${file}`;
    await pipe(at("pipe"));
    Deno.symlinkSync(at("pipe"), at("link-to-pipe"));
    Deno.symlinkSync("/dev/zero", at("link-to-device"));
    Deno.symlinkSync(at("a.txt"), at("link-to-file"));
    const listener = Deno.listen({ transport: "unix", path: at("socket") });
    for (
      const [path, kind] of [
        ["/dev/zero", "a device"],
        [at("link-to-device"), "a device"],
        [at("pipe"), "a pipe"],
        [at("link-to-pipe"), "a pipe"],
        [at("socket"), "a socket"],
        [folder.path, "a folder"],
      ]
    ) {
      equal(
        await refusal(read, path),
        `it is ${kind}, not a file | the path of a regular file`,
        path,
      );
    }
    listener.close();
    equal(await refusal(read, at("link-to-file")), "read");
    match(await refusal(read, at("none")), /^there is no such file \| /);
  });
}

for (const name of ["checkFile", "readTextSync", "linesOf", "readText"]) {
  Deno.test(`${name}() refuses a file above its limit of bytes`, async () => {
    await using folder = await folderWith({ "a.txt": "a\n".repeat(501) });
    equal(
      await refusal(READERS[name], `${folder.path}/a.txt`),
      "it has 1002 bytes, more than the 1000 bytes that are read | at most 1000 bytes",
    );
  });
}

Deno.test(
  "A file without a size, such as one of /proc, is read up to the limit",
  {
    ignore: Deno.build.os !== "linux",
  },
  async () => {
    const path = "/proc/self/maps";
    equal(Deno.statSync(path).size, 0);
    match(await refusal(READERS.readText, path), /more than the 1000 bytes/);
    match(
      await refusal(READERS.readTextSync, path),
      /more than the 1000 bytes/,
    );
  },
);

Deno.test("linesOf() yields each line, also without a final line break", async () => {
  await using folder = await folderWith({
    "a.txt": "é\n\nb\r\nc",
    "empty.txt": "",
  });
  deepEqual([...linesOf(`${folder.path}/a.txt`, LIMITS)], [
    "é",
    "",
    "b\r",
    "c",
  ]);
  deepEqual([...linesOf(`${folder.path}/empty.txt`, LIMITS)], []);
});

Deno.test("linesOf() refuses too many lines, and a line that is too long or does not end", async () => {
  await using folder = await folderWith({
    "many.txt": "1\n2\n3\n4\n5\n6\n",
    "long.txt": `1\n${"x".repeat(21)}\n`,
    "endless.txt": "x".repeat(900),
  });
  const read = (file: string) =>
    refusal(READERS.linesOf, `${folder.path}/${file}`);
  equal(await read("many.txt"), "it has more than 5 lines | at most 5 lines");
  for (const [file, line] of [["long.txt", 2], ["endless.txt", 1]] as const) {
    equal(
      await read(file),
      `line ${line} has more than 20 characters | at most 20 characters in a line`,
    );
  }
});

Deno.test("readText() refuses bytes that are not UTF-8", async () => {
  await using folder = await folderWith({ "a.txt": "" });
  const path = `${folder.path}/a.txt`;
  Deno.writeFileSync(path, new Uint8Array([0xff, 0xfe]));
  await rejects(readText(path, LIMITS), TypeError);
  throws(() => readTextSync(`${folder.path}/none`, LIMITS), FileError);
});
