import { deepEqual, equal, match } from "node:assert/strict";
import { prepareRequest } from "../../../../plugins/load_engine/http/mod.ts";
import { folderWith } from "../../../support/plugins.ts";
import { issuesOf, parse } from "../_scripts.ts";
import { REPLAY, replayed, traceFaults } from "./_traces.ts";

/** Text of a HAR with these entries. */
function har(...entries: unknown[]): string {
  return JSON.stringify({ log: { entries } });
}

/** An entry of a HAR, by default a GET of a page. */
function entry(request: object = {}, more: object = {}) {
  return {
    startedDateTime: "2026-11-22T08:00:01.500Z",
    request: { method: "GET", url: "https://shop.example/a?b=1", ...request },
    ...more,
  };
}

Deno.test("A HAR gives times, requests and bodies, sorted", async () => {
  const at = (second: number, request: object) => ({
    ...entry({ method: "get", ...request }),
    startedDateTime: `2026-11-22T08:00:0${second}.500Z`,
  });
  const { times, paths, requests, notes } = await replayed(
    "x.har",
    har(
      at(3, {
        method: "POST",
        postData: { mimeType: "application/json", text: "{}" },
      }),
      at(1, {}),
      at(2, { method: "PUT", postData: { text: "x" } }),
    ),
  );
  deepEqual(times, [0, 1000, 2000]);
  deepEqual(paths, ["GET /a?b=1", "PUT /a?b=1", "POST /a?b=1"]);
  deepEqual(notes, []);
  const bodies = requests.map(({ body, headers }) => [
    body?.constant,
    headers[0]?.[1].constant,
  ]);
  deepEqual(bodies, [
    [undefined, undefined],
    ["x", "application/octet-stream"],
    ["{}", "application/json"],
  ]);
});

Deno.test("A file without entries that can be sent is no HAR, or is refused with the reasons", async () => {
  const refused = async (text: string) =>
    (await traceFaults("x.har", text))[0].replace(/^\S+ /, "");
  equal(await refused("{"), "The file is not a HAR: it is not JSON");
  for (
    const text of ["null", "[]", "1", '{"log":{}}', '{"log":{"entries":3}}']
  ) {
    equal(await refused(text), "The file is not a HAR: it has no log.entries");
  }
  equal(await refused(har()), "The trace contains no times");
  equal(
    await refused(har({ request: {} }, null, 3, "x", { request: null })),
    "No entry can be replayed: 5 × no URL (entry 1, entry 2, entry 3, entry 4, entry 5)",
  );
});

/** Entries beside that of a page, and the reason for which each is left out; undefined where it is replayed. */
const BESIDE: readonly [what: string, entry: unknown, left?: string][] = [
  [
    "a data URL",
    entry({ url: "data:image/png;base64,iVBORw0KGgo=" }),
    "no HTTP (data:)",
  ],
  [
    "a blob",
    entry({ url: "blob:https://shop.example/7f2a" }),
    "no HTTP (blob:)",
  ],
  [
    "an extension",
    entry({ url: "chrome-extension://abc/x.js" }),
    "no HTTP (chrome-extension:)",
  ],
  ["a file", entry({ url: "file:///etc/passwd" }), "no HTTP (file:)"],
  ["an empty page", entry({ url: "about:blank" }), "no HTTP (about:)"],
  ["a WebSocket", entry({ url: "wss://shop.example/s" }), "no HTTP (wss:)"],
  [
    "a WebSocket of old browsers",
    entry({ method: "", url: "ws://shop.example/s" }),
    "no HTTP (ws:)",
  ],
  [
    "a WebSocket as HTTP",
    entry({}, { _resourceType: "websocket" }),
    "WebSocket (entry 2)",
  ],
  [
    "another protocol",
    entry({}, { response: { status: 101 } }),
    "WebSocket (entry 2)",
  ],
  [
    "a tunnel",
    entry({ method: "CONNECT", url: "shop.example:443" }),
    "CONNECT (entry 2)",
  ],
  [
    "a tunnel by host only",
    entry({ method: "connect", url: "shop.example" }),
    "CONNECT (entry 2)",
  ],
  ["an empty method", entry({ method: "" }), "no method (entry 2)"],
  ["a method of two words", entry({ method: "GET /" }), "no method (entry 2)"],
  ["a method that is no text", entry({ method: 1 }), "no method (entry 2)"],
  ["no URL", entry({ url: "/a" }), "no URL (entry 2)"],
  ["an invalid URL", entry({ url: "https://[" }), "no URL (entry 2)"],
  [
    "no request",
    { startedDateTime: "2026-11-22T08:00:01.500Z" },
    "no URL (entry 2)",
  ],
  ["no entry", null, "no URL (entry 2)"],
  ["no date", entry({}, { startedDateTime: "soon" }), "no date (entry 2)"],
  [
    "an answer from a cache",
    entry({}, { _fromCache: "disk" }),
    "answered by the browser's cache (entry 2)",
  ],
  [
    "a request that never left",
    entry({}, {
      response: { status: 0, _error: "net::ERR_BLOCKED_BY_CLIENT" },
    }),
    "blocked by the browser (entry 2)",
  ],
  [
    "a body that is missing",
    entry({ method: "POST", bodySize: 12 }),
    "a body that was not recorded (entry 2)",
  ],
  [
    "a body that is empty",
    entry({
      method: "POST",
      bodySize: 12,
      postData: { mimeType: "image/png", text: "" },
    }),
    "a body that was not recorded (entry 2)",
  ],
  [
    "a body that is no Base64",
    entry({ method: "POST", postData: { text: "%", encoding: "base64" } }),
    "a body that cannot be decoded (entry 2)",
  ],
  [
    "a file in a form",
    entry({
      method: "POST",
      postData: {
        mimeType: "multipart/form-data; boundary=b",
        params: [{ name: "f", fileName: "a.png" }],
      },
    }),
    "a body that was not recorded (entry 2)",
  ],
  [
    "another host",
    entry({ url: "https://cdn.example/lib.js" }),
    "another host than the page's (cdn.example); trace.hosts can list the hosts to replay, or *",
  ],
  [
    "another port",
    entry({ url: "https://shop.example:8443/" }),
    "another host than the page's (shop.example:8443); trace.hosts can list the hosts to replay, or *",
  ],
  ["another scheme", entry({ url: "http://shop.example/plain" })],
  ["another case", entry({ url: "HTTPS://SHOP.example/upper" })],
  [
    "a fragment and a password",
    entry({ url: "https://u:p@shop.example/x?y#z" }),
  ],
  ["no path", entry({ url: "https://shop.example?q" })],
  ["a body of unknown size", entry({ method: "POST", bodySize: -1 })],
];

for (const [what, beside, left] of BESIDE) {
  Deno.test(`An entry of a HAR with ${what} is ${left === undefined ? "replayed" : "left out, counted and named"}`, async () => {
    const { paths, notes } = await replayed("x.har", har(entry(), beside));
    equal(paths.length, left === undefined ? 2 : 1, paths.join());
    deepEqual(
      notes,
      left === undefined
        ? []
        : [`s: 1 of 2 entries of x.har left out: 1 × ${left}`],
    );
  });
}

Deno.test("The path of an entry is sent as it was recorded", async () => {
  const { paths } = await replayed(
    "x.har",
    har(
      ...["//a", "/b/../c?d=//e#f", "", "?g", "/%7Eh/\u00e9"].map((path) =>
        entry({ url: `https://shop.example${path}` })
      ),
    ),
  );
  deepEqual(paths, [
    ...["GET //a", "GET /b/../c?d=//e", "GET /", "GET /?g", "GET /%7Eh/é"],
  ]);
});

Deno.test("The hosts of a HAR are those of its pages' documents and of redirects to them, or those that the script lists", async () => {
  const page = (url: string, more: object) => entry({ url }, more);
  const recording = har(
    page("http://shop.example/redirect", { response: { status: 301 } }),
    page("https://www.shop.example/document", {
      _resourceType: "document",
      response: { status: 200 },
    }),
    page("https://ads.example/frame", { _resourceType: "document" }),
    page("https://api.shop.example:8443/x", {}),
    page("https://ads.example/y", { pageref: "second" }),
    page("https://login.example/html", {
      pageref: "second",
      response: { status: 200, content: { mimeType: "text/html; a=b" } },
    }),
  );
  const replay = async (hosts?: string[]) => {
    await using folder = await folderWith({ "x.har": recording });
    const { scenarios: [scenario] } = await parse(
      {
        scenarios: {
          s: {
            executor: "replay",
            trace: { file: "x.har", ...hosts !== undefined && { hosts } },
          },
        },
      },
      {},
      folder.path,
    );
    if (scenario.executor !== "replay") throw new Error("no replay");
    return scenario.requests.map(({ path }) => path.constant);
  };
  deepEqual(await replay(), ["/redirect", "/document", "/html"]);
  deepEqual(await replay(["*"]), [
    ...["/redirect", "/document", "/frame", "/x", "/y", "/html"],
  ]);
  deepEqual(await replay(["API.shop.example:8443"]), ["/x"]);
  deepEqual(await replay(["api.shop.example", "login.example"]), [
    ...["/x", "/html"],
  ]);
  deepEqual(
    (await issuesOf({
      scenarios: {
        s: { ...REPLAY, trace: { times: [0], hosts: ["a"], headers: ["*"] } },
      },
    })).map(({ path }) => path),
    ["/scenarios/s/trace/hosts", "/scenarios/s/trace/headers"],
  );
});

Deno.test("Headers of a HAR are sent only where the script lists them, but for those that the client sets itself", async () => {
  const recording = har(entry({
    method: "POST",
    headers: [
      { name: "Accept", value: "*/*" },
      { name: "Authorization", value: "Bearer x" },
      { name: "Content-Type", value: "text/html" },
      { name: "Content-Length", value: "7" },
      { name: "Host", value: "shop.example" },
      { name: ":authority", value: "shop.example" },
      { name: "x y", value: "" },
      { name: "X-Number", value: 3 },
      null,
    ],
    postData: { mimeType: "text/plain", text: "x" },
  }));
  const sent = async (headers?: string[]) => {
    await using folder = await folderWith({ "x.har": recording });
    const { scenarios: [scenario] } = await parse(
      {
        scenarios: {
          s: {
            executor: "replay",
            trace: { file: "x.har", ...headers !== undefined && { headers } },
          },
        },
      },
      {},
      folder.path,
    );
    if (scenario.executor !== "replay") throw new Error("no replay");
    return scenario.requests[0].headers.map(([name, value]) =>
      `${name}: ${value.constant}`
    );
  };
  const type = "content-type: text/plain";
  deepEqual(await sent(), [type]);
  deepEqual(await sent(["AUTHORIZATION", "host"]), [
    "authorization: Bearer x",
    type,
  ]);
  deepEqual(await sent(["*"]), [
    ...["accept: */*", "authorization: Bearer x", "x-number: ", type],
  ]);
});

const FORM = "application/x-www-form-urlencoded";

/** The body of a request in a HAR. */
interface Posted {
  readonly mimeType?: string;
  readonly text?: string;
  readonly encoding?: string;
  readonly params?: readonly (readonly [name: string, value?: string])[];
}

/** Bodies as they are recorded, and the content type and text that are sent. */
const BODIES: readonly (readonly [
  what: string,
  recorded: Posted,
  type: string,
  text: string,
])[] = [
  [
    "parameters that are encoded",
    { mimeType: FORM, params: [["user", "ann"], ["q", "a%20b"]] },
    FORM,
    "user=ann&q=a%20b",
  ],
  [
    "parameters that are not encoded",
    {
      mimeType: FORM,
      params: [["a b", "1&2=3"], ["é", "100%"], ["+", "x+y"]],
    },
    FORM,
    "a%20b=1%262%3D3&%C3%A9=100%25&+=x+y",
  ],
  [
    "parameters without a type, and without a value",
    { params: [["flag"], ["empty", ""]] },
    FORM,
    "flag&empty=",
  ],
  [
    "an empty text beside parameters",
    { mimeType: FORM, text: "", params: [["a", "1"]] },
    FORM,
    "a=1",
  ],
  [
    "a text beside parameters",
    { mimeType: FORM, text: "a=1", params: [["a", "2"]] },
    FORM,
    "a=1",
  ],
  [
    "a form in parts",
    {
      mimeType: "multipart/form-data; boundary=xYz",
      params: [["a", "1"], ['"b"', "2\n3"]],
    },
    "multipart/form-data; boundary=xYz",
    '--xYz\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--xYz\r\nContent-Disposition: form-data; name="%22b%22"\r\n\r\n2\n3\r\n--xYz--\r\n',
  ],
  [
    "a form in parts without a boundary",
    { mimeType: "multipart/form-data", params: [["a", "1"]] },
    "multipart/form-data; boundary=----perfmock-form-boundary",
    '------perfmock-form-boundary\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n------perfmock-form-boundary--\r\n',
  ],
  [
    "Base64 of a text",
    { mimeType: "text/plain", text: "w6kK", encoding: "base64" },
    "text/plain",
    "é\n",
  ],
  ["an empty text", { mimeType: "text/plain", text: "" }, "text/plain", ""],
];

for (const [what, { params, ...data }, type, body] of BODIES) {
  Deno.test(`A body of a HAR may be ${what}`, async () => {
    const { requests: [{ body: sent, binary, headers }] } = await replayed(
      "x.har",
      har(entry({
        method: "POST",
        postData: {
          ...data,
          ...params !== undefined && {
            params: params.map(([name, value]) => ({ name, value })),
          },
        },
      })),
    );
    equal(sent?.constant, body);
    equal(binary, false);
    deepEqual(headers.map(([name, value]) => [name, value.constant]), [
      ["content-type", type],
    ]);
  });
}

Deno.test("A file in a form that was recorded with its contents has name and type", async () => {
  const { requests: [{ body }] } = await replayed(
    "x.har",
    har(entry({
      method: "POST",
      postData: {
        mimeType: "multipart/form-data; boundary=b",
        params: [{
          name: "f",
          fileName: "a.txt",
          contentType: "text/plain",
          value: "x",
        }],
      },
    })),
  );
  equal(
    body?.constant,
    '--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n',
  );
});

Deno.test("Base64 of bytes that are no text is sent byte by byte", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  const text = btoa(String.fromCharCode(...bytes));
  const { requests: [{ body, binary }] } = await replayed(
    "x.har",
    har(entry({
      method: "POST",
      postData: { mimeType: "image/png", text, encoding: "base64" },
    })),
  );
  equal(binary, true);
  const prepared = prepareRequest({
    method: "POST",
    path: "/",
    headers: [],
    body: body?.constant ?? "",
    binary,
  }, "a.test");
  deepEqual(prepared.bytes.slice(-256), bytes);
  match(
    new TextDecoder().decode(prepared.bytes),
    /\r\ncontent-length: 256\r\n/,
  );
});

Deno.test("A byte order mark before a HAR, a log or times is passed over", async () => {
  const line = '1 - - [22/Nov/2026:08:00:00 +0000] "GET /a HTTP/1.1" 200 1\n';
  const mark = "\ufeff";
  deepEqual((await replayed("x.har", mark + har(entry()))).paths, [
    "GET /a?b=1",
  ]);
  const log = await replayed("a.log", mark + line);
  deepEqual([log.paths, log.notes], [["GET /a"], []]);
  deepEqual((await replayed("t.csv", `${mark}1\n5\n`, REPLAY)).times, [0, 4]);
});
