import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { FileError } from "../../../../core/plugin.ts";
import {
  type TextForm,
  textOf,
} from "../../../../plugins/importer/reading/read_text.ts";

const TEXT = "first line\nzweite Zeile: größer\n三行目\n";

/** Reads bytes as a file. */
async function textIn(
  bytes: Uint8Array,
  options: Partial<Parameters<typeof textOf>[1]> = {},
): Promise<{ readonly text: string; readonly form: TextForm | undefined }> {
  const file = await Deno.makeTempFile({ prefix: "perfmock-test-" });
  try {
    await Deno.writeFile(file, bytes);
    let form: TextForm | undefined;
    let text = "";
    for await (
      const part of textOf(file, {
        limits: { bytes: 1e9 },
        form: (found) => form = found,
        ...options,
      })
    ) text += part;
    return { text, form };
  } finally {
    await Deno.remove(file);
  }
}

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(2 * text.length + 2);
  const view = new DataView(bytes.buffer);
  [0xfeff, ...Array.from({ length: text.length }, (_, i) => text.charCodeAt(i))]
    .forEach((unit, i) => view.setUint16(2 * i, unit, littleEndian));
  return bytes;
}

const UTF8 = new TextEncoder().encode(TEXT);

Deno.test("A text is the same in every encoding with a mark, plain and compressed, whole and in parts", async () => {
  const forms: [string, Uint8Array, string][] = [
    ["UTF-8", UTF8, "utf-8"],
    ["UTF-8 with a mark", new TextEncoder().encode(`\ufeff${TEXT}`), "utf-8"],
    ["UTF-16, little-endian", utf16(TEXT, true), "utf-16le"],
    ["UTF-16, big-endian", utf16(TEXT, false), "utf-16be"],
  ];
  for (const [name, bytes, encoding] of forms) {
    deepEqual(
      await textIn(bytes),
      { text: TEXT, form: { compressed: false, encoding } },
      name,
    );
    deepEqual(
      await textIn(gzipSync(bytes)),
      { text: TEXT, form: { compressed: true, encoding } },
      name,
    );
  }
});

Deno.test("Files of gzip that are joined are read to their end", async () => {
  const half = UTF8.length >> 1;
  const joined = new Uint8Array([
    ...gzipSync(UTF8.subarray(0, half)),
    ...gzipSync(UTF8.subarray(half)),
  ]);
  equal((await textIn(joined)).text, TEXT);
});

Deno.test("Compressed files that are cut, changed or followed by other bytes are errors", async () => {
  const long = new TextEncoder().encode(TEXT.repeat(5000));
  const whole = gzipSync(long);
  const changed = whole.slice();
  changed[changed.length - 6] ^= 1;
  const broken = [
    whole.subarray(0, whole.length - 9),
    whole.subarray(0, 12),
    changed,
  ];
  for (const bytes of broken) {
    await rejects(textIn(bytes), (error) => {
      ok(error instanceof FileError);
      match(error.message, /its compression is broken/);
      return true;
    });
  }
});

Deno.test("Other compressions are named, with the command that undoes them", async () => {
  const marks: [number[], RegExp, RegExp][] = [
    [[0x28, 0xb5, 0x2f, 0xfd], /zstd/, /zstd -dc/],
    [[0x42, 0x5a, 0x68, 0x39], /bzip2/, /bzip2 -dc/],
    [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0], /xz/, /xz -dc/],
    [[0x50, 0x4b, 3, 4], /zip/, /unzip -p/],
  ];
  for (const [mark, name, command] of marks) {
    await rejects(textIn(new Uint8Array([...mark, 1, 2, 3])), (error) => {
      ok(error instanceof FileError);
      match(error.message, name);
      match(error.allowed, command);
      return true;
    });
  }
});

Deno.test("Files shorter than a mark are read", async () => {
  for (const text of ["", "a", "ab"]) {
    equal((await textIn(new TextEncoder().encode(text))).text, text);
    equal((await textIn(gzipSync(text))).text, text);
  }
});

Deno.test("The limit is that of the text, however small it is compressed", async () => {
  const long = new TextEncoder().encode("a".repeat(3 * 1024 ** 2));
  const limits = { bytes: 2 * 1024 ** 2 };
  await rejects(
    textIn(gzipSync(long), { limits }),
    /more than the 2 MiB that are read, without its compression/,
  );
  await rejects(
    textIn(long, { limits }),
    /it has more than the 2 MiB that are read/,
  );
});

Deno.test("Progress counts the bytes of the file, and a signal ends the reading", async () => {
  const bytes = new Uint8Array(9 * 1024 ** 2).fill(97);
  const seen: [number, number][] = [];
  await textIn(bytes, {
    progress: (read, size) => void seen.push([read, size]),
  });
  equal(seen.length, 2);
  ok(
    seen.every(([read, size], i) =>
      size === bytes.length && read >= (i + 1) * 4 * 1024 ** 2 && read <= size
    ),
  );
  const controller = new AbortController();
  const reason = new Error("ended");
  await rejects(
    textIn(bytes, {
      signal: controller.signal,
      progress: () => controller.abort(reason),
    }),
    reason,
  );
});

Deno.test("Bytes that are no UTF-8 become U+FFFD and are told from that character, wherever the text is divided", async () => {
  const files: [number[], string, boolean][] = [
    [[97, 0xe9, 98], "a\ufffdb", true],
    [[97, 0xef, 0xbf, 0xbd, 98], "a\ufffdb", false],
    [[0xef, 0xbf, 0xbd, 0xff], "\ufffd\ufffd", true],
    [[97, 0xc3], "a\ufffd", true],
  ];
  for (const [bytes, text, isMangled] of files) {
    for (const fill of [0, 65_533, 65_534, 65_535, 65_536]) {
      let found = false;
      const read = await textIn(
        new Uint8Array([...new Array(fill).fill(120), ...bytes]),
        { mangled: () => found = true },
      );
      equal(read.text, "x".repeat(fill) + text);
      equal(found, isMangled, `${bytes} after ${fill}`);
    }
  }
});

Deno.test("What is no regular file, or is not there, is an error", async () => {
  for (const path of ["/dev/null", "/no/such/file"]) {
    await rejects(
      async () => {
        for await (const _ of textOf(path, { limits: { bytes: 1 } }));
      },
      FileError,
    );
  }
});
