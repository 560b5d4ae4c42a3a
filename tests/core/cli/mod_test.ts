import { deepEqual, equal, match } from "node:assert/strict";
import denoJson from "../../../deno.json" with { type: "json" };
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

Deno.test("main() prints help and version with status 0", async () => {
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

Deno.test("main() prints the help of every command", async () => {
  for (const command of ["serve", "check", "explain", "draw", "schema"]) {
    const { status, out } = await cli(command, "--help");
    equal(status, 0);
    match(out, new RegExp(`^Usage: perfmock ${command} \\[options\\]`));
    match(out, /--config <file>/);
  }
});

Deno.test("main() refuses an unknown command, and suggests a similar one", async () => {
  deepEqual(await cli("explian", "1ms"), {
    status: 2,
    out: "",
    err: "error: unknown command 'explian'\n(Did you mean explain?)\n",
  });
  const { status, err } = await cli("orders");
  equal(status, 2);
  match(err, /unknown command 'orders'\n\(There are serve, check, .+schema/);
});

Deno.test("main() refuses an unknown option, and suggests a similar one", async () => {
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

Deno.test("main() refuses missing options and extra arguments", async () => {
  for (
    const [args, wanted] of [
      [["draw", "--sequence", "1"], /required option '--route <id>'/],
      [["draw", "--route", "r"], /required option '--sequence <n>'/],
      [["explain"], /missing required argument 'distribution'/],
      [["serve", "--port"], /option '--port <port>' argument missing/],
      [["load", "a", "b", "c"], /too many arguments/],
    ] as const
  ) {
    const { status, err } = await cli(...args);
    equal(status, 2, args.join(" "));
    match(err, wanted);
  }
});

Deno.test("main() suggests options and environment variables for an address that cannot be used", async () => {
  await using folder = await folderWith({
    "open.json": '{"routes": []}',
    "closed.json": '{"control": {"token": "secret"}}',
  });
  // An address of no machine (RFC 5737).
  const serve = (file: string) =>
    cli("serve", "--config", `${folder.path}/${file}`, "--host", "192.0.2.1");
  match(
    (await serve("open.json")).err,
    /suggestion: Set control\.token, or PERFMOCK_TOKEN\n/,
  );
  match((await serve("closed.json")).err, /suggestion: --host 127\.0\.0\.1\n/);
});

Deno.test("main() ends with 1 for run-time failures, with 2 for invalid input", async () => {
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

Deno.test("main() reports a server setting of the wrong type, with and without a port of its own", async () => {
  await using folder = await folderWith({
    "c.yaml": "server:\nroutes: [{ path: / }]\n",
    "s.yaml":
      "scenarios: { s: { executor: shared-iterations, users: 1, iterations: 1, requests: [ { path: / } ] } }\n",
  });
  const config = ["--config", `${folder.path}/c.yaml`];
  for (
    const args of [["serve"], ["check"], ["load", `${folder.path}/s.yaml`]]
  ) {
    const { status, err } = await cli(...args, ...config);
    equal(status, 2);
    match(err, /\/server: Expected an object, received null/);
  }
});

Deno.test("main() lists errors of the command line before those of the file", async () => {
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
