import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { generate } from "selfsigned";
import { cli, run } from "../../support/cli.ts";
import { folderWith } from "../../support/plugins.ts";
import { until } from "../../support/wait.ts";

/** An upstream of two routes, which has one secret. */
function upstream(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async ({ url }) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return Response.json({
        path: new URL(url).pathname,
        token: "s3cret-of-upstream",
      });
    },
  );
}

/** A file that `record` writes once it listens. */
interface Ready {
  readonly url: string;
  readonly control: string;
  readonly pid: number;
}

async function ready(file: string): Promise<Ready> {
  let text = "";
  await until(async () => {
    try {
      text = await Deno.readTextFile(file);
      return true;
    } catch {
      return false;
    }
  });
  return JSON.parse(text);
}

Deno.test("record writes a recording and a mock that check accepts, and drift finds nothing between a recording and its copy", async () => {
  await using server = upstream();
  await using folder = await folderWith({});
  const at = (name: string) => join(folder.path, name);
  const url = `http://127.0.0.1:${server.addr.port}`;
  for (const name of ["a", "b"]) {
    const ended = cli(
      ...["record", url, "--port", "0", "--count", "30"],
      ...["--out", at(`${name}.yaml`), "--script", at(`${name}-load.yaml`)],
      ...["--ready-file", at(`${name}.ready`)],
    );
    const { url: own } = await ready(at(`${name}.ready`));
    for (let i = 0; i < 30; i++) {
      await (await fetch(new URL(`/items/${i}?access_token=x${i}`, own)))
        .text();
    }
    const { status, err, out } = await ended;
    equal(status, 0, err);
    match(
      err,
      /perfmock records http:\/\/127\.0\.0\.1:\d+ on http:\/\/127\.0\.0\.1:\d+\/\n/,
    );
    match(err, /The recording has ended: its number of exchanges is reached/);
    match(
      err,
      /Secrets that were removed:\n(?: {2}.*\n)* {2}30 × access_token \(queries\)\n/,
    );
    match(out, /Wrote .*\.yaml: 1 route\n/);
    const text = await Deno.readTextFile(at(`${name}.yaml`));
    match(text, /path: \/items\/:itemId\n/);
    for (
      const file of [
        `${name}.yaml`,
        `${name}-load.yaml`,
        `${name}.recording.jsonl`,
      ]
    ) {
      ok(!(await Deno.readTextFile(at(file))).includes("s3cret"), file);
    }
    const checked = await cli("check", "--config", at(`${name}.yaml`));
    equal(checked.status, 0, checked.err);
  }
  // Two recordings of one upstream may differ truly, since its process shares the machine.
  const files = [at("a.recording.jsonl"), at("c.recording.jsonl")] as const;
  await Deno.copyFile(...files);
  const drift = await cli(
    ...["drift", ...files, "--json"],
    ...["--out", at("d.json"), "--out", at("d.svg"), "--out", at("d.html")],
  );
  equal(drift.status, 0, drift.err + drift.out);
  const answer = JSON.parse(drift.out);
  deepEqual(answer, JSON.parse(await Deno.readTextFile(at("d.json"))));
  deepEqual(answer.routes[0].count, { before: 30, after: 30 });
  match(await Deno.readTextFile(at("d.svg")), /^<svg /);
  match(await Deno.readTextFile(at("d.html")), /^<!doctype html>/);
});

Deno.test("record ends at SIGINT, and continues a recording", async () => {
  await using server = upstream();
  await using folder = await folderWith({});
  const at = (name: string) => join(folder.path, name);
  const url = `http://127.0.0.1:${server.addr.port}`;
  const recording = ["--recording", at("a.jsonl"), "--port", "0"];
  const ended = run(
    ["record", url, ...recording, "--ready-file", at("ready"), "--quiet"],
  );
  const { url: own, pid } = await ready(at("ready"));
  await (await fetch(new URL("/a", own))).text();
  Deno.kill(pid, "SIGINT");
  deepEqual(await ended, { status: 0, out: "", err: "" });
  const again = cli(
    ...["record", url, ...recording, "--continue", "--count", "1"],
    ...["--ready-file", at("again")],
  );
  await (await fetch(new URL("/b", (await ready(at("again"))).url))).text();
  const { status, err } = await again;
  equal(status, 0, err);
  match(
    err,
    /perfmock import .*a\.jsonl --out mock\.yaml makes a mock of it\n/,
  );
  const imported = await cli("import", at("a.jsonl"));
  equal(imported.status, 0, imported.err);
  match(imported.out, /path: \/a\n[^]*path: \/b\n/);
});

Deno.test("record and drift refuse wrong options and files with all errors, and leave nothing behind", async () => {
  await using server = upstream();
  await using folder = await folderWith({
    "old.jsonl": '{"kind":"recording","version":9,"perfmock":"7.0.0"}\n',
    "other.txt": "hello\n",
    "there.jsonl": "",
  });
  const at = (name: string) => join(folder.path, name);
  const url = `http://127.0.0.1:${server.addr.port}`;
  const before = [...Deno.readDirSync(folder.path)].map(({ name }) => name)
    .sort();
  const record = (...args: readonly string[]) => [
    ...["record", url, "--port", "0", "--recording", at("new.jsonl")],
    ...args,
  ];
  const cases: readonly [RegExp, readonly string[]][] = [
    [
      /--duration is not valid[^]*--count is not valid[^]*--max-size is not valid/,
      record("--duration", "5 parsecs", "--count", "0", "--max-size", "1B"),
    ],
    [
      /The extension of --out says what is written/,
      record("--out", at("a.txt")),
    ],
    [/there is no folder/, record("--out", at("none/a.yaml"))],
    [
      /Cannot write .*none\/a\.jsonl/,
      record("--recording", at("none/a.jsonl")),
    ],
    [
      /there\.jsonl is there already[^]*--continue appends/,
      record("--recording", at("there.jsonl")),
    ],
    [
      /a recording of version 9, written by perfmock 7\.0\.0/,
      record("--recording", at("old.jsonl"), "--continue"),
    ],
    [
      /its first line is not that of a recording/,
      record("--recording", at("other.txt"), "--continue"),
    ],
    [/there is no such file/, record("--continue")],
    [
      /No request was recorded/,
      record("--duration", "50ms", "--out", at("a.yaml")),
    ],
    [/it holds no certificate/, record("--ca", at("other.txt"))],
    [/there is no such file/, record("--ca", at("none.pem"))],
    [/Cannot write --ready-file/, record("--ready-file", at("none/ready"))],
    [/The upstream is the address that perfmock listens on/, [
      "record",
      url,
      "--port",
      `${server.addr.port}`,
    ]],
    [/a recording of version 9/, ["drift", at("old.jsonl"), at("old.jsonl")]],
    [/there is no such file/, ["drift", at("none.jsonl"), at("old.jsonl")]],
    [/--threshold is not valid[^]*--share is not valid/, [
      "drift",
      "a",
      "b",
      "--threshold",
      "much",
      "--share",
      "-1",
    ]],
    [/The extension of --out says/, ["drift", "a", "b", "--out", "x.png"]],
    [/is read by this command/, [
      "drift",
      at("a.json"),
      at("b.json"),
      "--out",
      at("a.json"),
    ]],
  ];
  for (const [expected, args] of cases) {
    const { status, err } = await cli(...args);
    match(err, expected);
    equal(status, 2, `${args}: ${err}`);
  }
  deepEqual(
    [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(),
    before,
  );
});

Deno.test("record trusts the certificate that --ca names, and no other of its own making", async () => {
  const { cert, private: key } = await generate(
    [{ name: "commonName", value: "localhost" }],
    {
      extensions: [
        { name: "basicConstraints", cA: true },
        { name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] },
      ],
    },
  );
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", cert, key, onListen() {} },
    () => Response.json({ secure: true }),
  );
  await using folder = await folderWith({ "ca.pem": cert });
  const at = (name: string) => join(folder.path, name);
  const args = [
    ...["record", `https://localhost:${server.addr.port}`, "--port", "0"],
    ...["--recording", at("a.jsonl"), "--count", "1"],
  ];
  const refused = await cli(...args);
  equal(refused.status, 2);
  match(
    refused.err,
    /The certificate of https:\/\/localhost:\d+ is not trusted[^]*--ca FILE/,
  );
  const ended = cli(...args, "--ca", at("ca.pem"), "--ready-file", at("ready"));
  const answer = await fetch(new URL("/a", (await ready(at("ready"))).url));
  deepEqual(await answer.json(), { secure: true });
  const { status, err } = await ended;
  equal(status, 0, err);
});
