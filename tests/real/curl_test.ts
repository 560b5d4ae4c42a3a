import { deepEqual, equal, match } from "node:assert/strict";
import type { Perfmock } from "../../mod.ts";
import { until } from "../support/wait.ts";
import { LARGE, startServer } from "./_clients.ts";
import { temporaryFolder } from "./_packages.ts";
import { required, run } from "./_software.ts";

/** Number of bytes of the upload. */
const UPLOAD = 50_000_000;

/** Registers a test with a server on the engine native. */
function test(
  name: string,
  fn: (server: Perfmock, folder: string) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: !required,
    fn: async () => {
      await using folder = await temporaryFolder();
      await using server = await startServer("native", folder.path);
      await fn(server, folder.path);
      await until(() => server.inFlight === 0);
    },
  });
}

/** Runs curl; returns what it prints, `-w`'s text included, and its exit status. */
async function curl(...args: readonly string[]): Promise<string> {
  const { code, output } = await run("curl", ["-sS", "-m", "60", ...args], "");
  return code === 0 ? output.trimEnd() : `exit status ${code}`;
}

/** Options that show the number of new connections, the version and the status instead of the body. */
const FACTS = [
  "-o",
  "/dev/null",
  "-w",
  "%{num_connects} %{http_version} %{http_code}\n",
];

test("curl keeps a connection, also with HTTP/1.0 if it asks for it", async ({ url }) => {
  const hello = `${url}hello`;
  const three = [0, 1, 2].flatMap((n) => [
    ...n > 0 ? ["--next", "-sS"] : [],
    ...FACTS,
    hello,
  ]);
  equal(await curl(...three), "1 1.1 200\n0 1.1 200\n0 1.1 200");
  const old = [0, 1].flatMap((n) => [
    ...n > 0 ? ["--next", "-sS"] : [],
    "--http1.0",
    "-H",
    "connection: keep-alive",
    ...FACTS,
    hello,
  ]);
  equal(await curl(...old), "1 1.1 200\n0 1.1 200");
  equal(await curl("--http1.0", hello), "hello");
  // Without a length, the end of the connection is the end of the body.
  equal(
    await curl("--http1.0", `${url}events`),
    await curl(`${url}events`),
  );
});

test("curl may use any method", async ({ url }) => {
  const methods = "GET POST PUT PATCH DELETE OPTIONS PROPFIND PURGE get";
  for (const method of methods.split(" ")) {
    equal(await curl("-X", method, `${url}hello`), "hello", method);
  }
  match(
    await curl("-I", `${url}hello`),
    /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 5\r\n/i,
  );
  equal(await curl("-X", "CONNECT", ...FACTS, `${url}hello`), "1 1.1 501");
});

test(
  "curl uploads 50 MB, whether anybody reads it or not",
  async ({ url }, folder) => {
    const file = `${folder}/upload`;
    await Deno.writeFile(file, new Uint8Array(UPLOAD));
    const put = ["-T", file, "-w", " %{http_code} %{num_connects}\n"];
    const answers = { size: `${UPLOAD}`, hello: "hello", wait: '{"a":1}' };
    for (const [path, answer] of Object.entries(answers)) {
      for (
        const more of [
          [],
          ["-H", "expect: 100-continue"],
          ["-H", "expect:"],
          ["-H", "connection: close"],
          ["-H", "transfer-encoding: chunked"],
          ["--http1.0"],
        ]
      ) {
        equal(
          await curl(...put, ...more, url + path),
          `${answer} 200 1`,
          `${path} ${more}`,
        );
      }
    }
    const hello = `${url}hello`;
    equal(
      await curl(...put, hello, "--next", "-sS", ...put, hello),
      "hello 200 1\nhello 200 0",
    );
  },
);

test("curl waits for 100 Continue, and gets it at once", async ({ url }) => {
  const { output } = await run("curl", [
    "-sSv",
    "-H",
    "expect: 100-continue",
    // Longer than the time limit of the whole: it must not be needed.
    "--expect100-timeout",
    "30",
    "-m",
    "10",
    "-d",
    "x".repeat(5000),
    `${url}size`,
  ], "");
  match(output, /< HTTP\/1\.1 100 Continue\r?\n[^]*< HTTP\/1\.1 200 OK/);
  equal(
    await curl("-H", "expect: 200-maybe", ...FACTS, `${url}hello`),
    "1 1.1 417",
  );
});

test("curl gets ranges of a file, and resumes", async ({ url }, folder) => {
  const large = `${url}large`;
  equal(await curl("-r", "3-6", large), "3456");
  equal(await curl("-r", "-2", large), "89");
  equal(await curl("-r", `${LARGE}-`, ...FACTS, large), "1 1.1 416");
  const file = `${folder}/part`;
  await Deno.writeTextFile(file, "0123");
  equal(await curl("-C", "-", "-o", file, large), "");
  deepEqual(
    await Deno.readFile(file),
    await Deno.readFile(`${folder}/large.bin`),
  );
});

test("curl's wish for HTTP/2 is ignored, with and without a body", async ({ url }) => {
  const hello = `${url}hello`;
  equal(await curl("--http2", ...FACTS, hello), "1 1.1 200");
  equal(await curl("--http2", "-d", "{}", ...FACTS, hello), "1 1.1 200");
  equal(await curl("--http2", "-I", ...FACTS, hello), "1 1.1 200");
  match(await curl("--http2-prior-knowledge", hello), /^exit status/);
  equal(await curl("--compressed", hello), "hello");
});

test("curl runs 50 requests at once", async ({ url }) => {
  const urls = `${url}wait?[1-500]`;
  const output = await curl("-Z", "--parallel-max", "50", ...FACTS, urls);
  const answers = output.split("\n").filter((line) => line.endsWith("200"));
  equal(answers.length, 500, output);
});

test("curl reports faults as what they are", async (server) => {
  const { url } = server;
  // 56: failure in receiving; 18: partial file; 28: time is up.
  equal(await curl(`${url}reset`), "exit status 56");
  equal(await curl(`${url}cut`), "exit status 18");
  equal(await curl("-m", "0.3", `${url}slow`), "exit status 28");
  equal(
    await curl("-m", "0.3", "-o", "/dev/null", `${url}drip`),
    "exit status 28",
  );
  await until(() => server.inFlight === 0);
  const { slow, drip } = server.stats().routes;
  deepEqual([slow.gone, drip.gone], [1, 1]);
});

test(
  "wrk sees no error at 50 connections, with pipelining too",
  async (server, folder) => {
    const script = `${folder}/pipeline.lua`;
    await Deno.writeTextFile(
      script,
      `init = function(args)
  local all = {}
  for i = 1, 10 do all[i] = wrk.format(i % 2 == 0 and "GET" or "POST", "/hello", nil, i % 2 == 1 and "unread" or nil) end
  requests = table.concat(all)
end
request = function() return requests end
`,
    );
    for (const more of [["hello"], ["wait"], ["hello", "-s", script]]) {
      const [path, ...options] = more;
      const { code, output } = await run("wrk", [
        "-t1",
        "-c50",
        "-d1s",
        ...options,
        server.url + path,
      ], "");
      equal(code, 0, output);
      match(output, /\d+ requests in/);
      equal(/Socket errors|Non-2xx/.test(output), false, output);
    }
  },
);
