import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { TextReader } from "../../../../core/load.ts";
import type { PerfmockError } from "../../../../core/plugin.ts";
import {
  readScript,
  SCRIPT_LIMIT,
  scriptIn,
} from "../../../../plugins/load_engine/script/parse.ts";
import type { Traffic } from "../../../../plugins/load_engine/script/script.ts";
import { folderWith } from "../../../support/plugins.ts";
import { issuesOf, parse } from "../_scripts.ts";

Deno.test("readScript() reads JSON and YAML alike", async () => {
  await using texts = new TextReader();
  const value = {
    name: "x",
    scenarios: { a: { rate: "1/s", weights: [1, 2] } },
  };
  deepEqual(await readScript(JSON.stringify(value), texts), value);
  deepEqual(
    await readScript(
      "name: x\nscenarios: { a: { rate: 1/s, weights: [1, 2] } }\n",
      texts,
    ),
    value,
  );
});

Deno.test("readScript() reports syntax errors with line and column", async () => {
  await using texts = new TextReader();
  for (
    const [text, message] of [
      ["a: 1\na: 2\n", /^Line 2, column 1: the key is written twice$/],
      ["a: [1, 2\n", /^Line \d, column \d: /],
      ["a: *b\n", /^Line 1, column 4: no anchor of this name/],
      ["- ".repeat(201), /nested more than 200 deep$/],
    ] as const
  ) {
    await rejects(readScript(text, texts), (error) => {
      const { code, issues } = error as PerfmockError;
      equal(code, "SCRIPT_INVALID");
      match(issues[0].message, message);
      return true;
    });
  }
});

Deno.test("A script over the size limit is rejected, as a text and as a request's body", async () => {
  const large = `a: ${"x".repeat(SCRIPT_LIMIT)}`;
  const wanted = {
    code: "SCRIPT_INVALID",
    issues: [{
      path: "",
      message: `The script has ${SCRIPT_LIMIT + 3} bytes`,
      allowed: `at most ${SCRIPT_LIMIT} bytes`,
      suggestion: "Keep traces and values in files of their own",
    }],
  };
  await using texts = new TextReader();
  await rejects(readScript(large, texts), wanted);
  await rejects(
    scriptIn(new Request("http://x", { method: "POST", body: large }), texts),
    { code: "SCRIPT_INVALID", status: 413 },
  );
});

Deno.test("scriptIn() reads a request's body, an empty one included", async () => {
  await using texts = new TextReader();
  const body = "a: é";
  deepEqual(
    await scriptIn(new Request("http://x", { method: "POST", body }), texts),
    { a: "é" },
  );
  equal(
    await scriptIn(new Request("http://x", { method: "POST" }), texts),
    null,
  );
});

const REPLAY = { executor: "replay", requests: [{ path: "/" }] };

/** Returns the times and paths of a trace in a file. */
async function replayed(name: string, text: string, more: object = {}) {
  await using folder = await folderWith({ [name]: text });
  const { scenarios: [scenario] } = await parse(
    {
      scenarios: {
        s: { executor: "replay", trace: { file: name }, ...more },
      },
    },
    {},
    folder.path,
  );
  if (scenario.executor !== "replay") throw new Error("no replay");
  const { times, choices, requests } = scenario;
  return {
    times: [...times],
    paths: [...choices ?? []].map((index) =>
      `${requests[index].method} ${requests[index].path.constant}`
    ),
    requests,
  };
}

/** Returns the messages of a trace's issues. */
async function traceFaults(name: string, text: string, more: object = REPLAY) {
  await using folder = await folderWith({ [name]: text });
  const issues = await issuesOf(
    {
      scenarios: { s: { ...more, executor: "replay", trace: { file: name } } },
    },
    {},
    folder.path,
  );
  return issues.map(({ path, message }) => `${path} ${message}`);
}

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
    "/scenarios/s/trace/file Line 1 is not a line of an access log in the common or combined format",
    "/scenarios/s/trace/file Line 2 has no date that can be read",
    "/scenarios/s/trace/file Line 3 has no path that can be read",
  ]);
});

Deno.test("A HAR gives times, requests and bodies, sorted", async () => {
  const entry = (second: number, request: object) => ({
    startedDateTime: `2026-11-22T08:00:0${second}.500Z`,
    request: { method: "get", url: "https://shop.example/a?b=1", ...request },
  });
  const har = (entries: unknown) => JSON.stringify({ log: { entries } });
  const { times, paths, requests } = await replayed(
    "x.har",
    har([
      entry(3, {
        method: "POST",
        postData: { mimeType: "application/json", text: "{}" },
      }),
      entry(1, {}),
      entry(2, { method: "PUT", postData: { text: "x" } }),
    ]),
  );
  deepEqual(times, [0, 1000, 2000]);
  deepEqual(paths, ["GET /a?b=1", "PUT /a?b=1", "POST /a?b=1"]);
  const bodies = requests.map(({ body, headers }) => [
    body?.constant,
    headers[0]?.[1].constant,
  ]);
  deepEqual(bodies, [
    [undefined, undefined],
    ["x", "application/octet-stream"],
    ["{}", "application/json"],
  ]);
  const [none, odd, entryless] = [
    await traceFaults("x.har", "{"),
    await traceFaults("x.har", har([{ request: {} }])),
    await traceFaults("x.har", "null"),
  ];
  match(none[0], /^\/scenarios\/s\/trace\/file The file is not a HAR: /);
  match(odd[0], /entry 0 has no date, method and URL$/);
  match(entryless[0], /it has no log.entries$/);
});

Deno.test("The script's requests replace those of a trace", async () => {
  const line = '1 - - [22/Nov/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 1\n';
  const { requests, paths } = await replayed("a.log", line, REPLAY);
  deepEqual(paths, []);
  deepEqual(requests.map(({ name }) => name), ["GET /"]);
});

Deno.test("Scenarios keep their order", async () => {
  const { scenarios } = await parse({
    scenarios: {
      a: { ...REPLAY, trace: { times: [0] } },
      b: { ...REPLAY, trace: { times: [0] } },
    },
  });
  deepEqual(
    (scenarios as readonly Traffic[]).map(({ name, index, requests }) => [
      name,
      index,
      requests[0].scenario,
    ]),
    [["a", 0, 0], ["b", 1, 1]],
  );
});
