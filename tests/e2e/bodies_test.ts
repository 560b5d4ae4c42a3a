import { deepEqual, equal, match, ok } from "node:assert/strict";
import type { PerfmockInput } from "../../core/config/mod.ts";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { get, rawRequest } from "../support/http.ts";
import { folderWith } from "../support/plugins.ts";
import { until } from "../support/wait.ts";

/** Server whose configuration is in a folder with files. */
async function serving(
  files: Readonly<Record<string, string>>,
  routes: PerfmockInput["routes"],
): Promise<{ server: Perfmock; path: string } & AsyncDisposable> {
  const folder = await folderWith(files);
  const server = await createPerfmock({ routes }, { folder: folder.url });
  return {
    server,
    path: folder.path,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const REPORT = "0123456789abcdef";

function report() {
  return serving({ "report.csv": REPORT }, [
    { path: "/report", response: { file: "report.csv" } },
  ]);
}

eachEngine.test("a file is answered with type, length, entity tag and date", async () => {
  await using there = await report();
  const response = await get(there.server, "/report");
  const { headers } = response;
  equal(await response.text(), REPORT);
  deepEqual(
    ["content-type", "content-length", "accept-ranges"]
      .map((name) => headers.get(name)),
    ["text/csv; charset=utf-8", "16", "bytes"],
  );
  match(headers.get("etag") ?? "", /^"10-[0-9a-f]+"$/);
  match(headers.get("last-modified") ?? "", / GMT$/);
  match(headers.get("server-timing") ?? "", /^queue;dur=/);
});

eachEngine.test("HEAD of a file has the headers of GET and no body", async () => {
  await using there = await report();
  using client = await rawRequest(there.server.url, [
    "HEAD /report HTTP/1.1",
    "Host: x",
    "Connection: close",
  ]);
  const { text } = await client.answer;
  match(text, /^HTTP\/1\.1 200 OK\r\n/);
  match(text, /content-length: 16\r\n/i);
  ok(text.endsWith("\r\n\r\n"));
});

for (
  const [range, [status, text, part]] of Object.entries({
    "bytes=0-3": [206, "0123", "bytes 0-3/16"],
    "bytes=10-": [206, "abcdef", "bytes 10-15/16"],
    "bytes=-2": [206, "ef", "bytes 14-15/16"],
    "bytes=12-99": [206, "cdef", "bytes 12-15/16"],
    "bytes=-99": [206, REPORT, "bytes 0-15/16"],
    "bytes=16-": [416, undefined, "bytes */16"],
    "bytes=-0": [416, undefined, "bytes */16"],
    "bytes=5-2": [200, REPORT, null],
    "bytes=0-3,2-5": [206, "012345", "bytes 0-5/16"],
    "bytes=4-5,99-": [206, "45", "bytes 4-5/16"],
    "bytes=99-,-0": [416, undefined, "bytes */16"],
    "bytes=0-1,x": [200, REPORT, null],
    "bytes=": [200, REPORT, null],
    "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,1-1,3-3,5-5,7-7,9-9,11-11,13-13,15-15,0-1":
      [200, REPORT, null],
    "lines=1-2": [200, REPORT, null],
  } as Record<string, [number, string | undefined, string | null]>)
) {
  eachEngine.test(`Range: ${range} of a file is answered with ${status}`, async () => {
    await using there = await report();
    const response = await get(there.server, "/report", { headers: { range } });
    equal(response.status, status);
    equal(response.headers.get("content-range"), part);
    const body = await response.text();
    if (text !== undefined) equal(body, text);
    else match(body, /"title":"This file has no such part"/);
  });
}

eachEngine.test("a client that has the file receives 304, and If-Range decides on ranges", async () => {
  await using there = await report();
  const { headers } = await (async () => {
    const first = await get(there.server, "/report");
    await first.body?.cancel();
    return first;
  })();
  const etag = headers.get("etag") ?? "";
  const date = headers.get("last-modified") ?? "";
  const statusOf = async (conditions: Record<string, string>) => {
    const response = await get(there.server, "/report", {
      headers: conditions,
    });
    await response.body?.cancel();
    return response.status;
  };
  const old = "Thu, 01 Jan 1970 00:00:00 GMT";
  const range = "bytes=0-3";
  deepEqual([
    await statusOf({ "if-none-match": etag }),
    await statusOf({ "if-none-match": `"other", W/${etag}` }),
    await statusOf({ "if-none-match": "*" }),
    await statusOf({ "if-none-match": '"other"', "if-modified-since": date }),
    await statusOf({ "if-modified-since": date }),
    await statusOf({ "if-modified-since": old }),
    await statusOf({ "if-modified-since": "yesterday" }),
    await statusOf({ range, "if-range": etag }),
    await statusOf({ range, "if-range": date }),
    await statusOf({ range, "if-range": '"other"' }),
    await statusOf({ range, "if-range": old }),
  ], [304, 304, 304, 200, 304, 200, 200, 206, 206, 200, 200]);
});

eachEngine.test("an answer with another status than 200 ignores ranges", async () => {
  await using there = await serving({ "gone.html": "<p>gone" }, [
    { path: "/gone", response: { status: 410, file: "gone.html" } },
  ]);
  const response = await get(there.server, "/gone", {
    headers: { range: "bytes=0-1", "if-none-match": "*" },
  });
  deepEqual([response.status, await response.text()], [410, "<p>gone"]);
});

eachEngine.test("a path value can name a file within the folder, but none outside", async () => {
  await using folder = await folderWith({
    "secret.txt": "secret",
    "item-1.json": '{"id":1}',
  });
  await Deno.mkdir(`${folder.path}/public`);
  await Deno.symlink("../secret.txt", `${folder.path}/public/link`);
  await using server = await createPerfmock({
    routes: [
      { path: "/items/:id", response: { file: "item-{{path.id}}.json" } },
      { path: "/any/:name", response: { file: "public/{{path.name}}" } },
    ],
  }, { folder: folder.url });
  const found = await get(server, "/items/1");
  deepEqual([found.headers.get("content-type"), await found.text()], [
    "application/json",
    '{"id":1}',
  ]);
  for (
    const path of [
      "/items/2",
      "/any/..%2fsecret.txt",
      "/any/link",
      "/any/%00",
      "/any/..",
    ]
  ) {
    const response = await get(server, path);
    equal(response.status, 404, path);
    await response.body?.cancel();
  }
});

Deno.test("a file that does not exist or is outside the folder is reported at the start, with all other errors", async () => {
  await using folder = await folderWith({ "a.txt": "a" });
  const above = `../${folder.path.split("/").at(-1)}`;
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        { path: "/a", response: { file: "b.txt" } },
        { path: "/b", response: { file: "/etc/hostname" } },
        { path: "/c", response: { file: "." } },
        { path: "/d", response: { file: "no/{{path.x}}" } },
        { path: "/e", response: { file: "a.txt", text: "b" } },
        { path: "/f", response: { outside: true } },
        { path: "/g", response: { file: `${above}/a.txt` }, scael: 1 },
      ],
    }, { folder: folder.url })
  );
  const found = lines(error).map((line) =>
    line.replaceAll(folder.path, "FOLDER").replace(/ folder \S+/, " folder")
  );
  deepEqual(found.toSorted(), [
    "/routes/0/response/file: Cannot read FOLDER/b.txt: it does not exist",
    "/routes/1/response/file: Cannot answer with a file outside the configuration's folder",
    "/routes/2/response/file: Not a file: FOLDER",
    "/routes/3/response/file: Cannot read FOLDER/no: it does not exist",
    "/routes/3/response/file: There is no value {{path.x}}",
    "/routes/4/response: A response has one body only",
    '/routes/5/response/outside: "outside" applies only to "file" or "folder"',
    '/routes/6/scael: Unknown key "scael" → scale',
  ]);
});

eachEngine.test("a file outside the folder is answered if the configuration names it", async () => {
  await using elsewhere = await folderWith({ "b.txt": "b" });
  await using there = await serving({}, [{
    path: "/b",
    response: { file: `${elsewhere.path}/b.txt`, outside: true },
  }]);
  equal(await (await get(there.server, "/b")).text(), "b");
});

eachEngine.test("a file that was deleted is answered with 500, and the server continues", async () => {
  await using there = await report();
  await Deno.remove(`${there.path}/report.csv`);
  const response = await get(there.server, "/report");
  equal(response.status, 500);
  match(await response.text(), /cannot be read any more/);
});

eachEngine.test("a client that leaves in the middle of a file ends its exchange", async () => {
  await using there = await serving({ "big.bin": "x".repeat(8e6) }, [{
    path: "/big",
    response: { file: "big.bin" },
    wire: { bandwidth: "1MiB/s" },
  }]);
  const controller = new AbortController();
  const response = await get(there.server, "/big", {
    signal: controller.signal,
  });
  const reader = response.body?.getReader();
  await reader?.read();
  equal(there.server.inFlight, 1);
  controller.abort();
  await reader?.closed.catch(() => {});
  await until(() => there.server.inFlight === 0);
  equal(there.server.stats().routes["get-big"].gone, 1);
});

eachEngine.test("templates in text and JSON contain values of path, query and sequence, and keep their types", async () => {
  await using server = await createPerfmock({
    routes: [
      {
        path: "/orders/:id/:part?",
        response: {
          json: {
            id: "{{path.id}}",
            n: "{{sequence}}",
            q: "{{ query.q }}",
            label: 'Order "{{path.id}}" no. {{sequence}} {{query.q}}',
            "{{sequence}}": [1.5, true, null, "\\{{x}}"],
          },
        },
      },
      { path: "/hi/:name", response: { text: "Hi {{path.name}}{{query.x}}!" } },
    ],
  });
  const first = await get(server, "/orders/a%22b?q=%5C%0A&q=2");
  equal(first.headers.get("content-type"), "application/json");
  deepEqual(await first.json(), {
    id: 'a"b',
    n: 0,
    q: "\\\n",
    label: 'Order "a"b" no. 0 \\\n',
    "{{sequence}}": [1.5, true, null, "{{x}}"],
  });
  const { q, n, label } = await (await get(server, "/orders/7")).json();
  deepEqual([q, n, label], [null, 1, 'Order "7" no. 1 ']);
  const hi = await get(server, "/hi/J%C3%BCrgen%2Fx");
  equal(await hi.text(), "Hi Jürgen/x!");
});

Deno.test("a template with an unknown name is an error with a suggestion", async () => {
  const error = await errorOf(() =>
    createPerfmock({
      routes: [{
        path: "/orders/:id",
        response: { json: { a: ["{{path.idd}}", "{{sequense}}"] } },
      }, {
        path: "/events",
        response: {
          events: { count: 1, data: "{{indx}}", last: "{{index}}" },
        },
      }],
    })
  );
  deepEqual(lines(error), [
    "/routes/0/response/json/a/0: There is no value {{path.idd}} → {{path.id}}",
    "/routes/0/response/json/a/1: There is no value {{sequense}} → {{sequence}}",
    "/routes/1/response/events/data: There is no value {{indx}} → {{index}}",
    "/routes/1/response/events/last: There is no value {{index}}",
  ]);
});
