import { deepEqual, equal, match } from "node:assert/strict";
import denoJson from "../../../deno.json" with { type: "json" };
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

Deno.test("main() prints help and version, and that is no error", async () => {
  for (const args of [["--help"], ["help"], ["help", "serve"]]) {
    const { status, out, err } = await cli(...args);
    deepEqual([status, err], [0, ""], args.join(" "));
    match(out, /^Usage: perfmock/);
  }
  deepEqual(await cli("--version"), {
    status: 0,
    out: `${denoJson.version}\n`,
    err: "",
  });
});

Deno.test("main() gives every command its help", async () => {
  for (const command of ["serve", "check", "explain", "draw", "schema"]) {
    const { status, out } = await cli(command, "--help");
    equal(status, 0);
    match(out, new RegExp(`^Usage: perfmock ${command} \\[options\\]`));
    match(out, /--config <file>/);
  }
});

Deno.test("main() refuses an unknown command, and says which was probably meant", async () => {
  deepEqual(await cli("explian", "1ms"), {
    status: 2,
    out: "",
    err: "error: unknown command 'explian'\n(Did you mean explain?)\n",
  });
  const { status, err } = await cli("orders");
  equal(status, 2);
  match(err, /unknown command 'orders'\n\(There are serve, check, .+schema/);
});

Deno.test("main() refuses an unknown option, and says which was probably meant", async () => {
  for (
    const [args, meant] of [
      [["serve", "--prot", "1"], "--port"],
      [["--prot", "1"], "--port"],
      [["check", "--cofnig", "x"], "--config"],
    ] as const
  ) {
    const { status, out, err } = await cli(...args);
    deepEqual([status, out], [2, ""]);
    match(err, /error: unknown option '--/);
    match(err, new RegExp(`Did you mean ${meant}\\?`));
  }
});

Deno.test("main() refuses what is missing and what is too much", async () => {
  for (
    const [args, wanted] of [
      [["draw", "--sequence", "1"], /required option '--route <id>'/],
      [["draw", "--route", "r"], /required option '--sequence <n>'/],
      [["explain"], /missing required argument 'distribution'/],
      [["serve", "--port"], /option '--port <port>' argument missing/],
      [["check", "a", "b"], /too many arguments/],
    ] as const
  ) {
    const { status, err } = await cli(...args);
    equal(status, 2, args.join(" "));
    match(err, wanted);
  }
});

Deno.test("main() tells failures of the moment from faults: status 1", async () => {
  await using folder = await folderWith({ "c.json": '{"routes": []}' });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = `${(taken.addr as Deno.NetAddr).port}`;
  const busy = await cli(
    "serve",
    "--config",
    `${folder.path}/c.json`,
    "--port",
    port,
  );
  deepEqual([busy.status, busy.out], [1, ""]);
  match(busy.err, /the port is in use \[PORT_IN_USE\]/);
  match(busy.err, /suggestion: --port 0/);
  const elsewhere = await cli(
    "serve",
    "--config",
    `${folder.path}/c.json`,
    "--port",
    "0",
    "--ready-file",
    `${folder.path}/none/ready.json`,
  );
  equal(elsewhere.status, 2);
  match(elsewhere.err, /Cannot write --ready-file \[ARGUMENT_INVALID\]/);
});

Deno.test("main() lists faults of the command line, which have no place in the file, before those of the file", async () => {
  await using folder = await folderWith({
    "c.json": '{"seed": 1.5,\n"sed": 1}',
  });
  const file = `${folder.path}/c.json`;
  const { status, err } = await cli(
    "serve",
    "--config",
    file,
    "--port",
    "80x",
  );
  equal(status, 2);
  deepEqual(err.match(/^ {2}\/\S+:|(?<=^ {4}at .*):\d+:\d+$/gm), [
    "  /server/port:",
    "  /seed:",
    ":1:2",
    "  /sed:",
    ":2:1",
  ]);
  match(err, /\(from --port\)/);
});
