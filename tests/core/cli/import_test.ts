import { equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { cli } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";

const MOD = fileURLToPath(new URL("../../../mod.ts", import.meta.url));

const LOG =
  '10.0.0.1 - - [10/Oct/2026:13:00:00 +0000] "GET /a HTTP/1.1" 200 5\n';

/** Runs a command in a process of its own with bytes as its standard input. */
async function withInput(
  input: Uint8Array,
  temporary: string,
  ...args: readonly string[]
) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MOD, ...args],
    env: { TMPDIR: temporary },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(input);
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

Deno.test("import and fit read standard input, compressed too, and leave no file behind", async () => {
  await using folder = await folderWith({});
  const log = new TextEncoder().encode(LOG.repeat(3));
  for (const input of [log, new Uint8Array(gzipSync(log))]) {
    const { code, out, err } = await withInput(
      input,
      folder.path,
      "import",
      "-",
    );
    equal(code, 0, err);
    match(out, /made of standard input/);
    match(out, /# 3 requests, such as \/a/);
  }
  const { code, out, err } = await withInput(
    new TextEncoder().encode("12\n14\n19\n"),
    folder.path,
    "fit",
    "-",
  );
  equal(code, 0, err);
  match(out, /^# standard input \(table of durations\): 3 durations/);
  const wrong = await withInput(log.slice(0, 0), folder.path, "import", "-");
  equal(wrong.code, 2);
  match(wrong.err, /standard input: it is empty/);
  equal([...Deno.readDirSync(folder.path)].length, 0);
});

Deno.test("Standard input can be read once", async () => {
  const { status, err } = await cli("import", "-", "-");
  equal(status, 2);
  match(err, /Standard input can be read once/);
});

Deno.test("Files that are read are not overwritten, and the two results are two files", async () => {
  await using folder = await folderWith({ "a.yaml": "openapi: 3.1.0\n" });
  const input = join(folder.path, "a.yaml");
  const overwriting = await cli("import", input, "--out", input);
  equal(overwriting.status, 2);
  match(overwriting.err, /is read by this command, and would be overwritten/);
  const other = join(folder.path, "b.yaml");
  const same = await cli("import", input, "--out", other, "--script", other);
  equal(same.status, 2);
  match(same.err, /would be one file/);
  equal(await Deno.readTextFile(input), "openapi: 3.1.0\n");
  await Deno.writeTextFile(join(folder.path, "k6.json"), "{}");
  const json = join(folder.path, "k6.json");
  const fitted = await cli("fit", json, "--out", json);
  equal(fitted.status, 2);
  match(fitted.err, /would be overwritten/);
});

Deno.test("Nothing is written without a route", async () => {
  await using folder = await folderWith({
    "a.har": JSON.stringify({
      log: { entries: [{ request: { method: "GET", url: "http://a.test/" } }] },
    }),
  });
  const out = join(folder.path, "out.yaml");
  const { status, err } = await cli(
    "import",
    join(folder.path, "a.har"),
    "--out",
    out,
  );
  equal(status, 2);
  match(err, /no route can be made/);
  match(err, /Left out: 1 × no answer \(\/log\/entries\/0\)/);
  ok(![...Deno.readDirSync(folder.path)].some(({ name }) => name !== "a.har"));
});

Deno.test("Characters that a terminal obeys are escaped in the summary", async () => {
  await using folder = await folderWith({
    "a.har": JSON.stringify({
      log: {
        entries: ["http://a.test/x", "http://\u001b[31mevil\u0007.test/"].map(
          (url) => ({
            startedDateTime: "2026-03-01T10:00:00.000Z",
            request: { method: "G\u001b[2JT", url, headers: [] },
            response: {
              status: 200,
              headers: [{ name: "\u001b]0;x\u0007", value: "" }],
              content: { size: 0, mimeType: "a" },
            },
            timings: { wait: 3 },
          }),
        ),
      },
    }),
  });
  const { out, err } = await cli("import", join(folder.path, "a.har"));
  // deno-lint-ignore no-control-regex -- the characters that must not be there
  ok(!/[\x00-\x09\x0b-\x1f\x7f]/.test(out + err), out + err);
});
