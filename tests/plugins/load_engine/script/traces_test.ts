import { deepEqual, equal } from "node:assert/strict";
import { createStream, streamKey } from "../../../../core/lib/random/mod.ts";
import { folderWith } from "../../../support/plugins.ts";
import { issuesOf } from "../_scripts.ts";
import { REPLAY, replayed, traceFaults } from "./_traces.ts";

Deno.test("A trace of times has numbers of ms, durations or dates, one a line, counted from the first", async () => {
  deepEqual(
    (await replayed("t.csv", "time,x\n100,a\n1.5s,b\n1500,c\n1m,d\n", REPLAY))
      .times,
    [0, 1400, 1400, 59_900],
  );
  deepEqual(
    (await replayed(
      "t.txt",
      "2026-11-22T09:00:00.250Z\n2026-11-22T09:00:01Z\n",
      REPLAY,
    )).times,
    [0, 750],
  );
});

Deno.test("A trace with unsorted or unreadable times is rejected with the line", async () => {
  deepEqual(await traceFaults("t.csv", "1\n5\n3\n"), [
    "/scenarios/s/trace/file The times are not in order: number 3 is before the one above it",
  ]);
  deepEqual(await traceFaults("t.csv", "1\nsoon\n"), [
    "/scenarios/s/trace/file Line 2 is not a time",
  ]);
  const many = await traceFaults("t.csv", `1\n${"x\n".repeat(14)}`);
  equal(many.length, 11);
  equal(many[10], "/scenarios/s/trace/file Further lines with errors: 4");
  deepEqual(await traceFaults("t.csv", "\n"), [
    "/scenarios/s/trace/file The trace contains no times",
  ]);
  deepEqual(await traceFaults("t.csv", "1\n", {}), [
    "/scenarios/s/requests The trace has only times: requests are needed",
  ]);
});

Deno.test("A trace is a file that can be read, or a list", async () => {
  const issues = async (trace: unknown) =>
    (await issuesOf({ scenarios: { s: { ...REPLAY, trace } } })).map((
      { path },
    ) => path);
  deepEqual(await issues({ file: "/there/is/none.log" }), [
    "/scenarios/s/trace/file",
  ]);
  deepEqual(await issues({}), ["/scenarios/s/trace"]);
  deepEqual(await issues({ file: "/x", times: [1] }), ["/scenarios/s/trace"]);
  deepEqual(await issues({ times: [] }), ["/scenarios/s/trace/times"]);
});

Deno.test("An access log, common or combined, gives times and requests; those of the same second are spread over it", async () => {
  const line = (time: string, request: string) =>
    `192.0.2.1 - ada [22/Nov/2026:${time}] "${request}" 200 512 "-" "curl/8"\n`;
  const { times, paths, requests } = await replayed(
    "a.log",
    line("09:00:02 +0100", "GET /b?x=1 HTTP/1.1") +
      line("08:00:00 +0000", "GET /a HTTP/1.1") +
      line("08:00:02 +0000", "POST /a HTTP/2.0") +
      line("08:00:03.250 +0000", "GET http://shop.example/c"),
  );
  deepEqual(times, [0, 2000, 2500, 3250]);
  deepEqual(paths, ["GET /a", "GET /b?x=1", "POST /a", "GET /c"]);
  deepEqual(requests[1].name, "GET /b");
});

Deno.test("A file that is not an access log is rejected line by line", async () => {
  const text = [
    "hello",
    '1 - - [22/Nov/2026] "GET / HTTP/1.1" 200 1',
    '1 - - [22/Nov/2026:08:00:00 +0000] "GET http://[ HTTP/1.1" 200 1',
  ].join("\n");
  deepEqual(await traceFaults("a.log", text), [
    "/scenarios/s/trace/file Line 1: not in the common or combined format",
    "/scenarios/s/trace/file Line 2: no date that can be read",
    "/scenarios/s/trace/file Line 3: no path",
  ]);
  const long = await traceFaults("a.log", "x\n".repeat(14));
  equal(long.length, 11);
  equal(long[10], "/scenarios/s/trace/file Further lines with errors: 4");
});

/** Replays a log of one request and another line. */
function replayedAfterFirst(logged: string) {
  const line = (request: string) =>
    `192.0.2.1 - - [22/Nov/2026:08:00:00 +0000] "${request}" 200 512 "-" "-"\n`;
  return replayed("a.log", line("GET /first HTTP/1.1") + line(logged));
}

for (
  const [logged, sent] of [
    ["GET /a HTTP/1.1", "GET /a"],
    ["GET /a?b=1&c HTTP/2.0", "GET /a?b=1&c"],
    ["GET /", "GET /"],
    ["GET //api/orders HTTP/1.1", "GET //api/orders"],
    ["GET //wp-login.php?x=//y HTTP/1.1", "GET //wp-login.php?x=//y"],
    ["GET ///// HTTP/1.1", "GET /////"],
    ["GET /a/../b/./c HTTP/1.1", "GET /a/../b/./c"],
    ["GET /a:b@c HTTP/1.1", "GET /a:b@c"],
    ["GET /%2e%2F%zz HTTP/1.1", "GET /%2e%2F%zz"],
    ["GET /é HTTP/1.1", "GET /é"],
    ["GET /\\xC3\\xA9\\x41 HTTP/1.1", "GET /%C3%A9A"],
    ['GET /?q=\\"x\\" HTTP/1.1', 'GET /?q="x"'],
    ["GET /\\x22\\x5Cu\\n HTTP/1.1", 'GET /"\\u%0A'],
    ["GET http://shop.example/c?d HTTP/1.1", "GET /c?d"],
    ["GET https://shop.example:8443 HTTP/1.1", "GET /"],
    ["GET http://shop.example?q HTTP/1.1", "GET /?q"],
    ["get /a HTTP/1.0", "get /a"],
    ["M-SEARCH /a HTTP/1.1", "M-SEARCH /a"],
    ["OPTIONS /a HTTP/1.1", "OPTIONS /a"],
  ] as const
) {
  Deno.test(`An access log's ${JSON.stringify(logged)} is replayed as it was`, async () => {
    const { paths, notes } = await replayedAfterFirst(logged);
    deepEqual([paths, notes], [["GET /first", sent], []]);
  });
}

for (
  const [logged, reason] of [
    ["OPTIONS * HTTP/1.0", "OPTIONS *"],
    ["CONNECT a.test:443 HTTP/1.1", "CONNECT"],
    ["CONNECT [::1]:443 HTTP/1.1", "CONNECT"],
    ["GET ftp://a/b HTTP/1.1", "no path"],
    ["GET a.test HTTP/1.1", "no path"],
    ["-", "no request"],
    ["", "no request"],
    [" ", "no request"],
    ["\\x16\\x03\\x01\\x02", "no request"],
    ["\\x16\\x03 \\x01", "no request"],
    ["SSH-2.0-Go", "no request"],
    ["t3 12.1.2", "no path"],
    ["GET /a b HTTP/1.1", "no request"],
    ["GET /a HTTP/1.1 x", "no request"],
  ] as const
) {
  Deno.test(`An access log's ${JSON.stringify(logged)} is left out, counted and named`, async () => {
    const { paths, notes } = await replayedAfterFirst(logged);
    deepEqual(paths, ["GET /first"]);
    deepEqual(notes, [
      `s: 1 of 2 lines of a.log left out: 1 × ${reason} (line 2)`,
    ]);
  });
}

Deno.test("A log with any lines in between is replayed without them, and each is counted once", async () => {
  const { uniform } = createStream(await streamKey(17, "junk"), "junk");
  let place = 0;
  const random = (below: number) => Math.floor(uniform(place++) * below);
  const pieces = [
    ...[
      '"',
      "\\",
      "\\x16",
      "\\x",
      '\\"',
      "[",
      "]",
      " ",
      "\t",
      "-",
      "é",
      "\0",
      "/",
      "//",
    ],
    ...["GET", "CONNECT", "HTTP/1.1", "*", "http://a/b", "127.0.0.1", "200"],
    ...[
      "[22/Nov/2026:08:00:00 +0000]",
      "[22/Nov/2026:08:00 +0000]",
      "{}",
      "%zz",
    ],
  ];
  const good = (number: number) =>
    `1 - - [22/Nov/2026:08:00:00 +0000] "GET /${number} HTTP/1.1" 200 1`;
  const lines: string[] = [];
  let wanted = 0;
  let junk = 0;
  for (let i = 0; i < 3000; i++) {
    if (random(3) === 0) lines.push(good(wanted++));
    else {
      // Some of these may happen to be lines of a log.
      const words = Array.from(
        { length: 1 + random(12) },
        () => pieces[random(pieces.length)],
      );
      lines.push(`#${words.join(random(2) === 0 ? "" : " ")}`);
      junk++;
    }
  }
  const { paths, notes } = await replayed("a.log", lines.join("\n"));
  const first = paths.filter((path) => /^GET \/\d+$/.test(path));
  deepEqual(first, Array.from({ length: wanted }, (_, i) => `GET /${i}`));
  const counted = /^s: (\d+) of (\d+) lines of a\.log left out: (.*)$/.exec(
    notes[0],
  ) ?? [];
  const left = Number(counted[1]);
  equal(left, junk - (paths.length - first.length));
  equal(Number(counted[2]), lines.length);
  const parts = [...counted[3].matchAll(/(\d+) × /g)];
  equal(parts.reduce((sum, [, count]) => sum + Number(count), 0), left);
});

Deno.test("Lines that are left out are counted by reason, and the first places are named", async () => {
  const line = (request: string) =>
    `192.0.2.1 - - [22/Nov/2026:08:00:00 +0000] "${request}" 200 512\n`;
  const junk = Array.from({ length: 9 }, () => "-");
  const { notes, times } = await replayed(
    "a.log",
    "# a log\n\n" + [...junk, "GET / HTTP/1.1", "CONNECT a:1 HTTP/1.1"].map(
      line,
    ).join(""),
  );
  deepEqual(times, [0]);
  deepEqual(notes, [
    "s: 11 of 12 lines of a.log left out: 1 × not in the common or combined format (line 1), 9 × no request (line 3, line 4, line 5, line 6, line 7, …), 1 × CONNECT (line 13)",
  ]);
});

Deno.test("The script's requests replace those of a trace", async () => {
  const line = '1 - - [22/Nov/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 1\n';
  const { requests, paths } = await replayed("a.log", line, REPLAY);
  deepEqual(paths, []);
  deepEqual(requests.map(({ name }) => name), ["GET /"]);
});

Deno.test("A strict trace is refused where parts of it would be left out, with the reasons and places", async () => {
  const log = [
    '10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET /a HTTP/1.1" 200 12',
    '10.0.0.1 - - [10/Oct/2026:13:55:37 +0000] "-" 408 0',
    "nonsense",
  ];
  const entry = (url: string) => ({
    startedDateTime: "2026-11-22T08:00:01.500Z",
    request: { method: "GET", url },
  });
  const har = (...urls: string[]) =>
    JSON.stringify({ log: { entries: urls.map(entry) } });
  const strict = async (file: string, text: string) => {
    await using folder = await folderWith({ [file]: text });
    const script = {
      scenarios: { s: { executor: "replay", trace: { file, strict: true } } },
    };
    const issues = await issuesOf(script, {}, folder.path);
    return issues.map(({ path, message }) => `${path} ${message}`);
  };
  deepEqual(await strict("a.log", log[0]), []);
  deepEqual(await strict("a.log", log.join("\n")), [
    "/scenarios/s/trace/file Cannot be replayed: 1 × no request (line 2)",
    "/scenarios/s/trace/file Cannot be replayed: 1 × not in the common or combined format (line 3)",
  ]);
  deepEqual(await strict("a.har", har("http://shop.test/a")), []);
  deepEqual(
    await strict("a.har", har("http://shop.test/a", "https://cdn.test/b")),
    [
      "/scenarios/s/trace/file Cannot be replayed: 1 × another host than the page's (cdn.test)",
    ],
  );
});
