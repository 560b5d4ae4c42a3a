import { deepEqual, equal, match } from "node:assert/strict";
import { createPerfmock } from "../../../mod.ts";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const SCRIPT = `name: shared
scenarios:
  s: { executor: shared-iterations, users: 4, iterations: 40, requests: [ { path: /orders } ] }
thresholds: { failed: [ "count==0" ] }
`;

/** Sends shares of three scripts; gives a test the means to run `load merge` with some of the files. */
async function withShares(
  test: (tools: {
    readonly path: string;
    /** Merges files of the folder; the folder is left out of the messages. */
    readonly merge: (
      files: readonly string[],
      ...more: readonly string[]
    ) => ReturnType<typeof cli>;
  }) => Promise<void>,
): Promise<void> {
  await using server = await createPerfmock({
    routes: [{ id: "orders", path: "/orders" }],
  });
  await using folder = await folderWith({
    "c.yaml": "{}",
    "s.yaml": SCRIPT,
    "other.yaml": SCRIPT.replace("shared\n", "other\n"),
    "strict.yaml": SCRIPT.replace("count==0", "count==5"),
    "broken.json": "{ nonsense",
    "list.json": "[]",
    "plain.json": '{ "scenarios": {} }',
    "old.json": '{ "share": { "version": 0, "scenarios": [] } }',
  });
  const { path } = folder;
  const config = ["--config", `${path}/c.yaml`];
  // At once, since the threads of a load take a while to end under the profiler.
  await Promise.all(["s-0", "s-1", "other-1", "strict-0", "strict-1"].map(
    async (share) => {
      const [script, index] = share.split("-");
      const { status, err } = await cli(
        ...["load", `${path}/${script}.yaml`, "--target", `${server.url}`],
        ...[...config, "--segment", `${index}/2`],
        ...["--out", `${path}/${share}.json`],
      );
      equal(status, script === "strict" ? 99 : 0, err);
    },
  ));
  await test({
    path,
    async merge(files, ...more) {
      const { err, ...ended } = await cli(
        ...["load", "merge", ...files.map((file) => `${path}/${file}`)],
        ...config,
        ...more,
      );
      return { ...ended, err: err.replaceAll(`${path}/`, "") };
    },
  });
}

Deno.test("load merge makes one result of all shares, whatever their order, and judges thresholds on the whole", async () => {
  await withShares(async ({ merge, path }) => {
    const both = await merge(
      ["s-1.json", "s-0.json"],
      ...["--out", `${path}/all.json`, "--out", `${path}/all.csv`],
    );
    deepEqual([both.status, both.err], [0, ""], both.out);
    match(both.out, /^shared, seed 42: /);
    const { ok, scenarios } = JSON.parse(
      await Deno.readTextFile(`${path}/all.json`),
    );
    deepEqual([ok, scenarios.s.started, scenarios.s.completed], [true, 40, 40]);
    match(await Deno.readTextFile(`${path}/all.csv`), /^time,scenario,/);
    equal((await merge(["strict-0.json", "strict-1.json"])).status, 99);
  });
});

Deno.test("load merge says which shares are missing, repeated, of another script, or no shares", async () => {
  await withShares(async ({ merge, path }) => {
    const part = await merge(["s-1.json"]);
    deepEqual([part.status, part.err], [1, ""]);
    match(part.out, /share 0\/2 is missing/);
    const cases: readonly [readonly string[], readonly RegExp[]][] = [
      [["s-0.json", "s-0.json"], [
        /s-0\.json: It is the share 0\/2, as s-0\.json is\n/,
      ]],
      [["s-0.json", "other-1.json", "strict-1.json", "plain.json"], [
        /other-1\.json: .*the script "other", and not "shared"\n/,
        /strict-1\.json: .*another version of the script/,
        /plain\.json: It is not a share of a load run\n/,
      ]],
      [["old.json"], [
        /old\.json: It is a share that another version of perfmock wrote/,
      ]],
      // All that is wrong is told at once, each with its file.
      [["s-0.json", "none.json", "broken.json", "list.json", "plain.json"], [
        /^Cannot merge 5 files/,
        /none\.json: It cannot be read: no such file/,
        /broken\.json: Line 1, column 3/,
        /list\.json: Expected an object/,
        /plain\.json: It is not a share of a load run\n/,
      ]],
    ];
    for (const [files, expected] of cases) {
      const { status, out, err } = await merge(files);
      deepEqual([status, out], [2, ""], `${files}: ${err}`);
      for (const each of expected) match(err, each);
    }
    const before = await Deno.readTextFile(`${path}/s-0.json`);
    const own = await merge(
      ["s-0.json", "s-1.json"],
      ...["--out", `${path}/s-0.json`],
    );
    equal(own.status, 2);
    match(own.err, /is read by this command/);
    equal(await Deno.readTextFile(`${path}/s-0.json`), before);
  });
});
