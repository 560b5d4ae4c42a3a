import { deepEqual, doesNotMatch, match } from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { importReason } from "../../../core/world/import_errors.ts";
import { folderWith } from "../../support/plugins.ts";

Deno.test("importReason() says in words and with paths why a module cannot be imported", async () => {
  await using files = await folderWith({
    "good.ts": "export default {};\n",
    "broken.ts": "const secret = 1;\nexport default {\n  name = secret;\n};\n",
    "broken.js": "const secret = 1;\n\nexport default { name: }\n",
    "notes.ts": "dear secret diary,\n",
    "absent.ts": 'import "./helper.ts";\n',
    "bare.ts": 'import "no-such-package";\n',
    "inner.ts": 'import "./broken.ts";\n',
    "throws.ts": 'throw new RangeError("no room");\n',
  });
  const folder = new URL(`${pathToFileURL(files.path).href}/`);
  const reasonOf = async (key: string) => {
    const own = key.startsWith(".") ? new URL(key, folder).href : key;
    try {
      await import(own);
    } catch (error) {
      return importReason(error, key, { own, folder });
    }
  };
  const table: [key: string, reason: string | undefined][] = [
    ["./good.ts", undefined],
    ["./none.ts", "there is no such file"],
    ["./absent.ts", "it imports ./helper.ts, which does not exist"],
    ["./broken.ts", "it has a syntax error at ./broken.ts:3:16"],
    ["./broken.js", "it has a syntax error at ./broken.js:3:24"],
    ["./inner.ts", "it has a syntax error at ./broken.ts:3:16"],
    ["./notes.ts", "it has a syntax error at ./notes.ts:1:6"],
    [
      "limter",
      "there is no built-in plugin of this name, and a path begins with ./",
    ],
    ["./bare.ts", 'it imports "no-such-package", which no import map names'],
    ["./throws.ts", "no room"],
  ];
  const reasons: [string, string | undefined][] = [];
  for (const [key] of table) reasons.push([key, await reasonOf(key)]);
  deepEqual(reasons, table);
  for (const [, reason = ""] of reasons) doesNotMatch(reason, /secret|file:/);
});

Deno.test("importReason() shows files outside of the folder by their whole path, and other URLs as they are", () => {
  const options = { own: "file:///a/x.ts", folder: new URL("file:///a/b/") };
  const reason = (message: string) =>
    importReason(new TypeError(message), "../x.ts", options);
  match(
    reason('Module not found "file:///a/y.ts".'),
    /^it imports \/a\/y\.ts, which does not exist$/,
  );
  match(
    reason("Cannot load file:///a/b/c/d.ts and file:///e.ts"),
    /^Cannot load \.\/c\/d\.ts and \/e\.ts$/,
  );
  match(
    reason("Unexpected token at data:text/javascript,x:1:2"),
    /^it has a syntax error at data:…:1:2$/,
  );
  match(reason("Unexpected token"), /^it is not JavaScript or TypeScript$/);
  const odd = new TypeError("Unexpected");
  Object.defineProperty(odd, "message", {
    get() {
      throw new Error("no message");
    },
  });
  match(importReason(odd, "../x.ts", options), /cannot be shown/);
});

Deno.test("importReason() says where a package is missing below node_modules", () => {
  const reason = (key: string) =>
    importReason(
      new TypeError(
        "Could not find package 'mine' from referrer './node_modules/perfmock/core/world/plugin_loader.js'.",
      ),
      key,
      { own: key, folder: new URL("file:///a/") },
    );
  for (const key of ["mine", "mine/part"]) {
    match(reason(key), /no installed package of this name/);
  }
  match(
    reason("./own.ts"),
    /^it imports the package "mine", which is not installed$/,
  );
});
