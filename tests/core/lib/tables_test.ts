import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { FileError } from "../../../core/lib/read_file.ts";
import {
  missedTables,
  type TableKind,
  tableOf,
  withTables,
} from "../../../core/lib/tables.ts";
import { nextTurn } from "../../../core/lib/turn.ts";
import { folderWith } from "../../support/plugins.ts";

const LIMITS = { bytes: 1000, lines: 5, length: 20 };

/** Makes a kind of table, the sum of its lines, that counts how often it is read. */
function sums() {
  const read: string[] = [];
  const kind: TableKind<number> = {
    limits: LIMITS,
    *read(lines, path) {
      read.push(path.slice(path.lastIndexOf("/") + 1));
      let sum = 0;
      for (const line of lines) {
        yield;
        if (line === "bad") throw new RangeError("bad");
        sum += Number(line);
      }
      return sum;
    },
  };
  return { kind, read };
}

Deno.test("tableOf() reads a table at once, where nothing waits for it", async () => {
  await using folder = await folderWith({ "a.txt": "1\n2\n" });
  const { kind, read } = sums();
  equal(tableOf(kind, `${folder.path}/a.txt`), 3);
  equal(tableOf(kind, `${folder.path}/a.txt`), 3);
  throws(() => tableOf(kind, `${folder.path}/none`), FileError);
  deepEqual(read, ["a.txt", "a.txt", "none"]);
  equal(missedTables(), 0);
});

Deno.test("withTables() reads settings again until each table is read, and reads each file once for each kind", async () => {
  await using folder = await folderWith({
    "a.txt": "1\n2\n",
    "b.txt": "bad\n",
    "c.txt": "5",
  });
  const at = (name: string) => `${folder.path}/${name}`;
  const { kind, read } = sums();
  const other = sums();
  let rounds = 0;
  const result = await withTables(async () => {
    rounds++;
    const errors: string[] = [];
    const table = (of: TableKind<number>, name: string) => {
      try {
        return tableOf(of, at(name));
      } catch (error) {
        errors.push(`${error}`);
        return NaN;
      }
    };
    const first = table(kind, "a.txt");
    await nextTurn();
    const all = [
      first,
      table(kind, "a.txt"),
      table(other.kind, "a.txt"),
      table(kind, "b.txt"),
      table(kind, "none"),
    ];
    // Found only once the first table is there.
    if (first === 3) all.push(table(kind, "c.txt"));
    return { all, errors };
  });
  deepEqual(result.all, [3, 3, 3, NaN, NaN, 5]);
  deepEqual(result.errors, [
    "RangeError: bad",
    "FileError: there is no such file",
  ]);
  deepEqual(read, ["a.txt", "b.txt", "c.txt"]);
  deepEqual(other.read, ["a.txt"]);
  equal(rounds, 3);
});

Deno.test("withTables() passes on errors that are not for want of a table, and keeps to the limits", async () => {
  await using folder = await folderWith({ "long.txt": "1\n".repeat(6) });
  const { kind } = sums();
  await rejects(
    withTables(() => {
      throw new TypeError("other");
    }),
    TypeError,
  );
  await rejects(
    withTables(() => tableOf(kind, `${folder.path}/long.txt`)),
    /it has more than 5 lines/,
  );
});

Deno.test("withTables() within another leaves the reading to the outer one, and work that goes on after it reads at once", async () => {
  await using folder = await folderWith({ "a.txt": "1\n2\n" });
  const path = `${folder.path}/a.txt`;
  const { kind, read } = sums();
  const later = Promise.withResolvers<void>();
  let after: Promise<number> | undefined;
  let rounds = 0;
  const sum = await withTables(async () => {
    after ??= later.promise.then(() => tableOf(kind, path));
    return await withTables(() => {
      rounds++;
      return tableOf(kind, path);
    });
  });
  deepEqual([sum, rounds, read.length], [3, 2, 1]);
  later.resolve();
  equal(await after, 3);
  equal(read.length, 2);
});
