import { deepEqual, equal, notEqual } from "node:assert/strict";
import { BUILTIN } from "../../../../core/builtin.ts";
import { threadHost } from "../../../../core/load.ts";
import { parseScript } from "../../../../plugins/load_engine/script/parse.ts";
import type { ScriptDigests } from "../../../../plugins/load_engine/script/script.ts";
import { folderWith } from "../../../support/plugins.ts";
import { BARE } from "../_scripts.ts";

const SCRIPT = {
  scenarios: {
    again: {
      executor: "replay",
      trace: { file: "times.txt" },
      requests: [{ path: "/" }],
    },
    users: {
      executor: "virtual-users",
      users: 2,
      duration: "1s",
      think: "reading",
      requests: [{ path: "/" }],
    },
  },
};

/** Reads a share of the script in a folder, with a profile for the users. */
async function digests(
  folder: string,
  { reading = { exponential: { mean: "2s" } }, ...more }: {
    readonly reading?: unknown;
    readonly seed?: number;
    readonly target?: string;
    readonly name?: string;
    readonly unread?: () => void;
    readonly count?: number;
  } = {},
): Promise<ScriptDigests> {
  const { unread, count = 2, ...script } = more;
  const host = await threadHost({
    json: JSON.stringify({
      plugins: { distributions: { profiles: { reading } } },
    }),
    folder: "file:///",
    builtin: BUILTIN.module,
  });
  return (await parseScript({ ...SCRIPT, ...script }, {
    ...host,
    seed: 1,
    folder,
    segment: { index: 0, count },
    ...unread !== undefined && { unread },
    server: BARE,
  })).digests;
}

Deno.test("the digest of a script is that of its text, wherever it is, without seed and target", async () => {
  await using a = await folderWith({ "times.txt": "1\n2\n" });
  await using b = await folderWith({ "times.txt": "1\n2\n" });
  const first = await digests(a.path);
  deepEqual(await digests(b.path), first);
  const target = "http://127.0.0.1:1/";
  deepEqual(await digests(a.path, { seed: 3, target }), first);
  notEqual((await digests(a.path, { name: "other" })).script, first.script);
});

Deno.test("the digests of a script tell other contents of its files, and other profiles of its think times", async () => {
  await using a = await folderWith({ "times.txt": "1\n2\n" });
  await using b = await folderWith({ "times.txt": "1\n3\n" });
  const first = await digests(a.path);
  const other = await digests(b.path);
  notEqual(other.files, first.files);
  deepEqual({ ...other, files: first.files }, first);
  const slower = await digests(a.path, {
    reading: { exponential: { mean: "2001ms" } },
  });
  deepEqual(Object.keys(slower.draws), ["users"]);
  notEqual(slower.draws.users, first.draws.users);
  // A run that nobody divides needs no digest of its files, and files that a thread will read are left to it.
  equal((await digests(a.path, { count: 1 })).files, "");
  equal((await digests(a.path, { unread: () => {} })).files, "");
});
