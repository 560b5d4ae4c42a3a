import { deepEqual, equal, match, ok } from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { parse } from "yaml";
import {
  dateIn,
  FORMAT_NAMES,
  formatOf,
} from "../../../../plugins/importer/logs/line_formats.ts";
import { cli } from "../../../support/cli.ts";
import { folderWith } from "../../../support/plugins.ts";
import { importOf } from "../_imported.ts";

/** Makes a line of a second of the 10th of October. */
function line(time: string, request = "GET /a HTTP/1.1"): string {
  return `10.0.0.1 - - [10/Oct/2026:${time} +0000] "${request}" 200 5 "-" "curl"\n`;
}

/** Imports files of bytes with a load script; returns the summary and both files. */
async function imported(
  files: Readonly<Record<string, string | Uint8Array>>,
  ...options: readonly string[]
) {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      if (typeof content === "string") await Deno.writeTextFile(path, content);
      else await Deno.writeFile(path, content);
    }
    const names = Object.keys(files).map((name) => join(folder, name));
    const [mock, script] = [
      join(folder, "mock.yaml"),
      join(folder, "load.yaml"),
    ];
    const { status, out, err } = await cli(
      "import",
      ...names,
      "--out",
      mock,
      "--script",
      script,
      ...options,
    );
    return {
      status,
      summary: out + err,
      routes: status === 0 ? parse(await Deno.readTextFile(mock)).routes : [],
      scenarios: status === 0
        ? parse(await Deno.readTextFile(script)).scenarios
        : {},
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("Rotated logs are replayed one after the other, each from its own time", async () => {
  const { status, summary, scenarios } = await imported({
    "access.log": line("13:10:00") + line("13:10:30"),
    "access.log.1": line("13:00:02") + line("13:00:01") + line("13:09:59"),
  });
  equal(status, 0, summary);
  deepEqual(
    Object.values(scenarios as Record<string, { start?: string }>)
      .map(({ start }) => start),
    ["599s", undefined],
  );
});

Deno.test("Compressed logs count with the others, and the script sends their rate", async () => {
  const { status, summary, routes, scenarios } = await imported({
    "access.log": line("13:00:02").repeat(30),
    "access.log.1.gz": gzipSync(line("13:00:00").repeat(10)),
    "access.log.2.gz": gzipSync(line("13:00:01", "GET /b HTTP/1.1")),
  });
  equal(status, 0, summary);
  deepEqual(routes.map(({ path }: { path: string }) => path), ["/a", "/b"]);
  match(summary, /not line by line: a script can replay plain files/);
  deepEqual(scenarios.recorded.rate.steps, [
    { at: "0s", value: "10/s" },
    { at: "1s", value: "1/s" },
    { at: "2s", value: "30/s" },
  ]);
});

Deno.test("Each file has the format of its own lines", async () => {
  const { status, summary, routes } = await imported({
    "a.log": line("13:00:00"),
    "b.log":
      '{"time":"2026-10-10T13:00:00Z","method":"GET","path":"/b","status":200,"duration_ms":7}\n',
  });
  equal(status, 0, summary);
  match(summary, /access log in the format combined, JSON lines/);
  deepEqual(
    routes.map((
      { path, serviceTime }: { path: string; serviceTime?: string },
    ) => [path, serviceTime]),
    [["/a", undefined], ["/b", "7ms"]],
  );
});

Deno.test("Files in no known format are all named", async () => {
  const { status, summary } = await imported({
    "a.log": "some text\n",
    "b.log": line("13:00:00"),
    "c.log": "other text\n",
  });
  equal(status, 2);
  match(summary, /a\.log: no line is in a known format/);
  match(summary, /c\.log: no line is in a known format/);
});

Deno.test("A line that is too long is left out, and the log is not replayed line by line", async () => {
  const { status, summary, scenarios } = await imported({
    "access.log": `${line("13:00:00")}${"x".repeat(200_000)}\n${
      line("13:00:01")
    }`,
  });
  equal(status, 0, summary);
  match(summary, /1 × lines of more than 65536 characters \(line 2\)/);
  equal(scenarios.recorded.executor, "arrival-rate");
});

Deno.test("A log in UTF-16 is read, and bytes that are no UTF-8 are named", async () => {
  const text = line("13:00:00");
  const bytes = new Uint8Array(2 + 2 * text.length);
  bytes.set([0xff, 0xfe]);
  for (let i = 0; i < text.length; i++) bytes[2 + 2 * i] = text.charCodeAt(i);
  const utf16 = await imported({ "access.log": bytes });
  equal(utf16.status, 0, utf16.summary);
  equal(utf16.scenarios.recorded.executor, "arrival-rate");
  const latin1 = new TextEncoder().encode(line("13:00:00"));
  latin1[latin1.length - 3] = 0xe9;
  const mangled = await imported({ "access.log": latin1 });
  equal(mangled.status, 0, mangled.summary);
  match(mangled.summary, /access\.log has bytes that are no UTF-8/);
});

Deno.test("A log whose lines hold no request is refused with its reasons", async () => {
  const { status, summary } = await importOf({
    "access.log":
      '10.0.0.1 - - [10/Oct/2026:13:00:00 +0000] "-" 400 0 "-" "-"\n',
  });
  equal(status, 2);
  match(summary, /no line holds a request: 1 × no request \(line 1\)/);
});

Deno.test("The name of the script is made of that of the file", async () => {
  const names: [string, string][] = [
    [
      "www.shop.test_Archive [26-10-10 13-00-00].log",
      "www.shop.test_Archive-26-10-10-13-00-00",
    ],
    ["access (1).log", "access-1"],
    ["日本.log", "recorded"],
    ["access.log", "access"],
  ];
  for (const [file, name] of names) {
    const { script, summary } = await importOf({ [file]: line("13:00:00") });
    match(script?.text ?? summary, new RegExp(`^name: ${name}$`, "m"));
  }
});

Deno.test("A name of a format that every object has is none", async () => {
  for (const name of ["constructor", "toString", "__proto__"]) {
    const { status, summary } = await importOf(
      { "access.log": line("13:00:00") },
      "--log-format",
      name,
    );
    equal(status, 2);
    match(summary, /the format has no request and no path/);
  }
});

Deno.test("Times beyond all dates are none, and the range of the others is told", async () => {
  const lines = [1791640536, 1e30, -1e30, 1791640596].map((ts) =>
    `{"ts":${ts},"method":"GET","path":"/a","status":200}`
  );
  const { status, summary } = await imported({ "a.log": lines.join("\n") });
  equal(status, 0, summary);
  match(summary, /2 × without a date/);
  match(summary, /Requests from 2026-10-10T13:55:36Z to 2026-10-10T13:56:36Z/);
});

Deno.test("A file that is named twice counts once", async () => {
  await using folder = await folderWith({ "a.log": line("13:00:00") });
  const { status, out, err } = await cli(
    "import",
    join(folder.path, "a.log"),
    join(folder.path, ".", "a.log"),
    `${folder.path}//a.log`,
  );
  equal(status, 0, err);
  match(out, /# 1 request, such as \/a/);
});

Deno.test("Long lines of one character or word are read in time that grows as they do", () => {
  const formats = [
    ...FORMAT_NAMES,
    '$remote_addr [$time_local] "$request" $upstream_addr $upstream_response_time $status',
    "%t %a %{ms}T %r",
  ].flatMap((name) => formatOf(name) ?? []);
  const begun =
    '1 1 [10/Oct/2026:13:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "c" 1 ';
  for (const format of formats) {
    for (
      const part of [
        "a",
        " ",
        "a ",
        '\\"',
        "[",
        "[] ",
        "{} ",
        "1, ",
        "a:1 ",
        "1.",
      ]
    ) {
      const line = begun + part.repeat(65_000 / part.length);
      for (const text of [line, line.slice(begun.length)]) {
        const start = performance.now();
        format.read(text);
        ok(performance.now() - start < 1000, `${format.name}, ${part}`);
      }
    }
  }
});

Deno.test("dateIn() takes dates without a zone for UTC", () => {
  const at = Date.UTC(2026, 9, 25, 2, 30, 0, 500);
  for (
    const text of [
      "2026-10-25T02:30:00.500Z",
      "2026-10-25T02:30:00.500",
      "2026-10-25 02:30:00.500",
      "2026-10-25 02:30:00,500",
      "2026-10-25T04:30:00.500+02:00",
      "2026-10-25T04:30:00.500+0200",
      "2026-10-24T19:30:00.500-07:00",
    ]
  ) equal(dateIn(text), at, text);
  ok(Number.isNaN(dateIn("yesterday")));
});
