import { equal, match } from "node:assert/strict";
import { join } from "node:path";
import { cli } from "../support/cli.ts";
import { folderWith } from "../support/plugins.ts";
import { until } from "../support/wait.ts";
import { required } from "./_software.ts";

/** Runs a program of the system. */
async function system(program: string, ...args: readonly string[]) {
  const { success } = await new Deno.Command(program, { args: [...args] })
    .output();
  equal(success, true, `${program} ${args.join(" ")}`);
}

Deno.test({
  name:
    "record says where it stopped on a full disk, and the recording is whole up to there",
  // A file system of its own takes root.
  ignore: !required,
  async fn() {
    await using server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      () => Response.json({ a: 1 }),
    );
    await using folder = await folderWith({});
    await using other = await folderWith({});
    await system(
      ...["mount", "-t", "tmpfs", "-o", "size=32k"] as const,
      ...["tmpfs", folder.path],
    );
    try {
      const file = join(folder.path, "a.jsonl");
      const ready = join(other.path, "ready");
      const ended = cli(
        ...["record", `http://127.0.0.1:${server.addr.port}`, "--port", "0"],
        ...["--recording", file, "--ready-file", ready],
      );
      let url = "";
      await until(async () => {
        try {
          url = JSON.parse(await Deno.readTextFile(ready)).url;
          return true;
        } catch {
          return false;
        }
      });
      let over = false;
      ended.finally(() => over = true);
      for (let i = 0; !over && i < 2000; i++) {
        // The recorder closes its connections at its end.
        await fetch(new URL(`/a?n=${i}`, url))
          .then((answer) => answer.text(), () => {});
      }
      const { status, err } = await ended;
      equal(status, 2, err);
      match(
        err,
        /the file cannot be written: .*is whole up to the last of its \d+ exchanges/,
      );
      const lines = (await Deno.readTextFile(file)).trimEnd().split("\n")
        .map((line) => JSON.parse(line));
      equal(
        lines.filter(({ kind }) => kind === "exchange").length,
        Number(/its (\d+) exchanges/.exec(err)?.[1]),
      );
    } finally {
      await system("umount", folder.path);
    }
  },
});
