import assert from "node:assert/strict";
import { join } from "node:path";
import { findConfig, readConfig } from "../../../core/config/read.ts";
import { TextReader } from "../../../core/config/text_reader.ts";
import { PerfmockError } from "../../../core/errors.ts";

/** Runs a test in a folder with these files, and removes it afterwards. */
async function withFiles(
  files: Readonly<Record<string, string | Uint8Array>>,
  test: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      const bytes = typeof content === "string"
        ? new TextEncoder().encode(content)
        : content;
      await Deno.writeFile(join(folder, name), bytes);
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Returns the error of reading a file with this text. */
async function errorOf(
  name: string,
  content: string | Uint8Array,
): Promise<PerfmockError> {
  let thrown: unknown;
  await withFiles({ [name]: content }, async (folder) => {
    try {
      await readConfig(join(folder, name));
    } catch (error) {
      thrown = error;
    }
  });
  assert.ok(thrown instanceof PerfmockError, String(thrown));
  return thrown;
}

async function issuesIn(
  name: string,
  content: string | Uint8Array,
): Promise<string[]> {
  const { code, issues } = await errorOf(name, content);
  assert.equal(code, "CONFIG_SYNTAX");
  return issues.map(({ message }) => message);
}

Deno.test("readConfig() reads the same value from JSON and YAML", async () => {
  const value = {
    seed: 7,
    server: { cors: false },
    routes: [{ path: "/a", response: { json: null } }],
  };
  const text = JSON.stringify(value);
  const yaml = `# comment
seed: 7
server: { cors: no }
routes:
  - path: /a
    response: { json: ~ }
`;
  await withFiles({
    "a.json": text,
    "b.jsonc": `// comment\n${text.replace("}]", "},]")}`,
    "c.yaml": yaml.replace("no", "false"),
    "d.yml": text,
    "deno.json": `{ "tasks": {}, "perfmock": ${text} }`,
    "deno.jsonc": `{ "perfmock": ${text}, /* comment */ }`,
    "bom.json": `\ufeff${text}`,
    "bom.yaml": `\ufeff${text}`,
    "crlf.yaml":
      "seed: 7\r\nserver:\r\n  cors: false\r\nroutes:\r\n- path: /a\r\n  response: {json: null}\r\n",
  }, async (folder) => {
    for await (const { name } of Deno.readDir(folder)) {
      const config = await readConfig(join(folder, name));
      assert.deepEqual(config.value, value, name);
      assert.equal(config.file, join(folder, name));
      assert.equal(config.folder, folder);
    }
  });
});

Deno.test("readConfig() keeps keys of any name, such as __proto__, as own keys", async () => {
  await withFiles({
    "a.json": '{"__proto__": 1, "constructor": 2}',
    "a.yaml": "__proto__: 1\nconstructor: 2\n200: 3\n",
  }, async (folder) => {
    const json = await readConfig(join(folder, "a.json"));
    assert.deepEqual(Object.keys(json.value), ["__proto__", "constructor"]);
    const yaml = await readConfig(join(folder, "a.yaml"));
    assert.ok(Object.hasOwn(yaml.value, "__proto__"));
    assert.equal(yaml.value["200"], 3);
  });
});

Deno.test("readConfig() locates settings by line and column", async () => {
  await withFiles({
    "deno.json": `{
  "perfmock": {
    "routes": [
      { "path": "/a" },
      { "path": "/b", "status": [1, 2] }
    ]
  }
}`,
    "a.yaml": `base: &base
  deep: [1, 2]
routes:
  - path: /a
  - path: /b
    use: *base
200: x
`,
  }, async (folder) => {
    await using thread = new TextReader();
    for (const texts of [undefined, thread]) {
      const places = async (name: string, pointers: readonly string[]) => {
        const file = await readConfig(join(folder, name), { texts });
        const positions = await file.positions(pointers);
        return positions.map(({ line, column }) => `${line}:${column}`);
      };
      assert.deepEqual(
        await places("deno.json", [
          "",
          "/routes/1",
          "/routes/1/status",
          "/routes/1/status/1",
          "/routes/1/missing/deep",
          "/routes/1/path/deep",
          "/server",
        ]),
        ["2:3", "5:7", "5:23", "5:37", "5:7", "5:9", "2:3"],
      );
      assert.deepEqual(
        await places("a.yaml", [
          "/routes/1/use/deep/1",
          "/200",
          "/routes/1/nothing",
          "/routes/0/path/deep",
          "",
        ]),
        ["2:13", "7:1", "5:5", "4:5", "1:1"],
      );
    }
  });
});

Deno.test("readConfig() reads the same on a thread of its own: values, syntaxes, errors", async () => {
  const files = {
    "a.json": '{"__proto__": {"a": 1}, "b": "é"}',
    "b.jsonc": '{"a": [1, 2,],} // end',
    "c.yaml": "a: &x [1]\nb: *x\n",
    "d.json": '{"a": [1, 2,],}',
    "e.yaml": "a: 1\na: 2\n",
    "f.json": " ",
    "deno.json": '{"perfmock": {"routes": []}, /* x */}',
  };
  await withFiles(files, async (folder) => {
    await using thread = new TextReader();
    const read = async (name: string, texts?: TextReader) => {
      try {
        return (await readConfig(join(folder, name), { texts })).value;
      } catch (error) {
        return (error as PerfmockError).issues;
      }
    };
    for (const name of Object.keys(files)) {
      assert.deepEqual(await read(name, thread), await read(name), name);
    }
    assert.equal(await findConfig(folder, thread), await findConfig(folder));
  });
});

Deno.test("readConfig() reports all syntax errors of JSON with line and column", async () => {
  assert.deepEqual(
    await issuesIn("a.jsonc", '{\n  "a": 1\n  "b": 2,\n  "c":\n}'),
    [
      "Line 3, column 3: a comma is missing",
      "Line 5, column 1: a value is missing",
    ],
  );
  const { message, issues } = await errorOf("a.json", '{"a": [1, 2}');
  assert.ok(issues.length >= 1);
  assert.match(message, /^Cannot read .*a\.json: /u);
  assert.match(
    (await errorOf("a.json", '{"a" 1}')).message,
    /line 1, column 6: a colon is missing$/u,
  );
});

Deno.test("readConfig() refuses comments and trailing commas in .json", async () => {
  assert.match(
    (await issuesIn("a.json", '{ // comment\n "a": 1 }'))[0],
    /Line 1, column 3: comments are not allowed here/u,
  );
  assert.match((await issuesIn("a.json", '{"a": 1,}'))[0], /Line 1, column 9/u);
});

Deno.test("readConfig() refuses duplicate keys", async () => {
  assert.deepEqual(
    await issuesIn("deno.json", '{"x": [{"a": 1,\n"a": 2}], "x": 1}'),
    [
      'Line 2, column 1: the key "a" is written twice',
      'Line 2, column 11: the key "x" is written twice',
    ],
  );
  assert.deepEqual(await issuesIn("a.yaml", "a: 1\nb: {c: 1, c: 2}\na: 2\n"), [
    "Line 2, column 11: the key is written twice",
    "Line 3, column 1: the key is written twice",
  ]);
});

Deno.test("readConfig() reports all syntax errors of YAML with line and column", async () => {
  assert.deepEqual(
    await issuesIn("a.yaml", "a: !odd 1\n? [x]\n: 2\n~: 3\n---\nb: 1\n"),
    [
      "Line 1, column 4: unresolved tag: !odd",
      "Line 2, column 3: a key must be a string, a number or a boolean",
      "Line 4, column 1: a key must be a string, a number or a boolean",
      "Line 5, column 1: a second document begins, only one is allowed",
    ],
  );
  assert.match(
    (await issuesIn("a.yaml", "a: [1, 2\nb: 3"))[0],
    /^Line 1, column 9: a "\]"/u,
  );
  assert.match(
    (await issuesIn("a.yaml", "a:\n\tb: 1\n"))[0],
    /Line 2, column 1: .*tab/u,
  );
  assert.match((await issuesIn("a.yaml", "a: *nowhere\n"))[0], /alias/iu);
  assert.deepEqual(
    await issuesIn("a.yaml", "a: &a [*a]\n? {}\n: 1\n"),
    ["Line 2, column 3: a key must be a string, a number or a boolean"],
  );
});

Deno.test("readConfig() refuses aliases that expand without limit", async () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++) {
    const alias = `*a${i - 1}`;
    lines.push(`a${i}: &a${i} [${Array(9).fill(alias).join(", ")}]`);
  }
  assert.match(
    (await issuesIn("a.yaml", lines.join("\n")))[0],
    /^Line 1, column 1: aliases make the text more than 10 times as long/u,
  );
});

Deno.test("readConfig() refuses files that are empty, not UTF-8, or nested too deep", async () => {
  for (const name of ["a.json", "a.yaml"]) {
    assert.deepEqual(await issuesIn(name, " \n"), [
      "Line 1, column 1: the file is empty",
    ]);
    assert.deepEqual(await issuesIn(name, new Uint8Array([0xff, 0xfe, 0x7b])), [
      "The file is not UTF-8",
    ]);
  }
  for (const name of ["a.json", "a.yaml"]) {
    assert.match(
      (await issuesIn(name, "[".repeat(50_000)))[0],
      /^Line 1, column 20\d: lists and objects are nested more than 200 deep$/u,
    );
  }
});

Deno.test("readConfig() refuses a file that does not contain an object", async () => {
  const list = await errorOf("a.yaml", "- 1\n");
  assert.equal(list.code, "CONFIG_INVALID");
  assert.match(list.message, /expected an object, received a list$/u);
  assert.deepEqual(list.issues[0].value, [1]);
  const none = await errorOf("a.yaml", "# nothing\n");
  assert.equal(none.issues[0].message, "Expected an object, received null");
  const key = await errorOf("deno.json", '{"perfmock": 1}');
  assert.equal(key.issues[0].path, "/perfmock");
});

Deno.test("readConfig() reports a deno.json without a configuration", async () => {
  const error = await errorOf("deno.json", "{}");
  assert.equal(error.code, "CONFIG_INVALID");
  assert.match(error.message, /it has no key "perfmock"$/u);
  assert.equal(error.issues[0].path, "/perfmock");
});

Deno.test("readConfig() suggests a file with a similar name", async () => {
  const files = { "perfmock.yaml": "{}", "other.json": "{}", "notes.txt": "" };
  await withFiles(files, async (folder) => {
    const file = join(folder, "perfmok.yaml");
    await assert.rejects(readConfig(file), (error) => {
      assert.ok(error instanceof PerfmockError);
      assert.equal(error.code, "CONFIG_UNREADABLE");
      assert.equal(error.message, `Cannot read ${file}: no such file`);
      assert.equal(error.issues[0].suggestion, "perfmock.yaml");
      assert.equal(error.issues[0].allowed, "other.json or perfmock.yaml");
      return true;
    });
    await assert.rejects(readConfig(join(folder, "nowhere", "a.json")), {
      code: "CONFIG_UNREADABLE",
    });
  });
});

Deno.test("readConfig() refuses folders and unknown extensions", async () => {
  await withFiles({ "notes.txt": "" }, async (folder) => {
    await Deno.mkdir(join(folder, "folder.json"));
    await assert.rejects(readConfig(join(folder, "folder.json")), {
      code: "CONFIG_UNREADABLE",
      message: /it is a folder, not a file$/u,
    });
    await assert.rejects(readConfig(join(folder, "notes.txt")), {
      code: "CONFIG_UNREADABLE",
      message: /its name has an unknown extension$/u,
    });
    await Deno.writeTextFile(join(folder, "mock.yaml"), "");
    await assert.rejects(readConfig(folder), (error) => {
      assert.ok(error instanceof PerfmockError);
      assert.match(error.message, /it is a folder, not a file$/u);
      assert.equal(error.issues[0].allowed, "a file in it: mock.yaml");
      return true;
    });
    await assert.rejects(readConfig(join(folder, "mock")), (error) => {
      assert.ok(error instanceof PerfmockError);
      assert.equal(error.issues[0].suggestion, "mock.yaml");
      return true;
    });
  });
});

Deno.test({
  name: "readConfig() reports missing read permission",
  permissions: { read: false },
  fn: async () => {
    await assert.rejects(readConfig("/nowhere/a.json"), {
      code: "CONFIG_UNREADABLE",
      message: "Cannot read /nowhere/a.json: it may not be read",
    });
  },
});

Deno.test("findConfig() finds the file that has the key perfmock", async () => {
  await withFiles({}, async (folder) => {
    assert.equal(await findConfig(folder), undefined);
  });
  await withFiles({ "deno.json": "{}" }, async (folder) => {
    assert.equal(await findConfig(folder), undefined);
  });
  await withFiles({
    "deno.json": "{}",
    "deno.jsonc": '{ "perfmock": {}, }',
  }, async (folder) => {
    assert.equal(await findConfig(folder), join(folder, "deno.jsonc"));
  });
  await withFiles({ "deno.json": "{ broken" }, async (folder) => {
    assert.equal(await findConfig(folder), join(folder, "deno.json"));
  });
  await withFiles({}, async (folder) => {
    await Deno.mkdir(join(folder, "deno.json"));
    assert.equal(await findConfig(folder), join(folder, "deno.json"));
  });
});
