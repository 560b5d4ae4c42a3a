import { deepEqual, equal, match, ok } from "node:assert/strict";
import { brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { createServer } from "../../core/app.ts";
import type { PerfmockInput } from "../../core/config/mod.ts";
import { VirtualClock } from "../../core/lib/time/mod.ts";
import { createPerfmock, type Perfmock } from "../../mod.ts";
import { eachEngine } from "../support/each_engine.ts";
import { errorOf, lines } from "../support/errors.ts";
import { get, overWire } from "../support/http.ts";
import { RawIncoming } from "../support/incoming.ts";
import { folderWith } from "../support/plugins.ts";

const INDEX = "<!doctype html><title>Shop</title><div id=app></div>";
const SCRIPT = `export const all = ${JSON.stringify("work ".repeat(1000))};`;

type Folder = { server: Perfmock; path: string } & AsyncDisposable;

/** Server of the folder `dist` with the given files, beside `secret.txt`. */
async function serving(
  files: Readonly<Record<string, string | Uint8Array>>,
  response: Readonly<Record<string, unknown>> = {},
  more: Partial<NonNullable<PerfmockInput["routes"]>[number]> = {},
): Promise<Folder> {
  const folder = await folderWith({ "secret.txt": "secret" });
  for (const [name, text] of Object.entries(files)) {
    const path = `${folder.path}/dist/${name}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await Deno.writeFile(
      path,
      typeof text === "string" ? new TextEncoder().encode(text) : text,
    );
  }
  const server = await createPerfmock({
    routes: [
      { id: "api", path: "/api/orders", response: { json: [] } },
      {
        id: "app",
        path: "/*",
        response: { folder: "dist", ...response },
        ...more,
      },
    ],
  }, { folder: folder.url });
  return {
    server,
    path: `${folder.path}/dist`,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const APP = {
  "index.html": INDEX,
  "assets/app.js": SCRIPT,
  "docs/index.html": "docs",
  "a b/ü.txt": "umlaut",
  ".env": "TOKEN=1",
  ".git/config": "git",
};

/** Headers of a browser that goes to an address. */
const NAVIGATION = {
  accept: "text/html,application/xhtml+xml,*/*;q=0.8",
  "sec-fetch-mode": "navigate",
};

const text = ({ body }: { body: Uint8Array }) => new TextDecoder().decode(body);

eachEngine.test("a folder answers with its files, and an index for each folder", async () => {
  await using there = await serving(APP);
  const found = async (target: string) => {
    const answer = await overWire(there.server, target);
    return [
      answer.status,
      text(answer),
      answer.headers.get("content-type"),
    ];
  };
  const html = "text/html; charset=utf-8";
  deepEqual(await found("/"), [200, INDEX, html]);
  deepEqual(await found("/?v=1"), [200, INDEX, html]);
  deepEqual(await found("/assets/app.js"), [
    200,
    SCRIPT,
    "text/javascript; charset=utf-8",
  ]);
  deepEqual(await found("/docs/"), [200, "docs", html]);
  deepEqual(await found("/a%20b/%C3%BC.txt"), [
    200,
    "umlaut",
    "text/plain; charset=utf-8",
  ]);
  deepEqual((await found("/api/orders"))[1], "[]");
  const { status, headers } = await overWire(there.server, "/docs?a=1");
  deepEqual([status, headers.get("location")], [307, "./docs/?a=1"]);
  equal(await (await get(there.server, "/docs?a=1")).text(), "docs");
});

eachEngine.test("no path leads out of a folder, and names that begin with a dot are not found", async () => {
  await using there = await serving(APP, { fallback: "index.html" });
  await Deno.symlink("../secret.txt", `${there.path}/link.txt`);
  await Deno.symlink("..", `${there.path}/up`);
  await Deno.symlink("assets/app.js", `${there.path}/inner.js`);
  for (
    const target of [
      "/../secret.txt",
      "/..%2fsecret.txt",
      "/%2e%2e/secret.txt",
      "/%2e%2e%2fsecret.txt",
      "/..%5csecret.txt",
      "/assets/..%2f..%2fsecret.txt",
      "/assets/%2e%2e/%2e%2e/secret.txt",
      "/..%252fsecret.txt",
      "/%00",
      "/index.html%00.txt",
      "/index.html/",
      "/%ff",
      "/%",
      "//secret.txt",
      "/assets//app.js",
      "/link.txt",
      "/up/secret.txt",
      "/.env",
      "/%2eenv",
      "/.git/config",
      "/.git/",
    ]
  ) {
    const answer = await overWire(there.server, target);
    ok([400, 404].includes(answer.status), `${target}: ${answer.status}`);
    ok(!/secret$|TOKEN|git$/.test(text(answer)), target);
  }
  equal(text(await overWire(there.server, "/inner.js")), SCRIPT);
});

Deno.test("whatever path is asked for, nothing but the files of the folder is sent", async () => {
  await using folder = await folderWith({ "secret.txt": "SECRET" });
  await Deno.mkdir(`${folder.path}/dist/sub/.hidden`, { recursive: true });
  for (const name of ["index.html", "a.txt", "sub/a.txt"]) {
    await Deno.writeTextFile(`${folder.path}/dist/${name}`, "public");
  }
  for (const name of [".env", "sub/.hidden/a.txt", "sub/.a.txt"]) {
    await Deno.writeTextFile(`${folder.path}/dist/${name}`, "SECRET");
  }
  await Deno.symlink("../..", `${folder.path}/dist/sub/up`);
  await Deno.symlink("../secret.txt", `${folder.path}/dist/link`);
  await using server = await createServer({
    routes: [{
      path: "/f/*",
      response: { folder: "dist", fallback: "index.html" },
    }],
  }, { folder: folder.url, clock: new VirtualClock(), listen: false });
  const piece = fc.constantFrom(
    "..",
    ".",
    "%2e",
    "%2E%2e",
    "%252e",
    "/",
    "%2f",
    "%5c",
    "\\",
    "%00",
    "%",
    "sub",
    "up",
    "link",
    "a.txt",
    ".env",
    ".hidden",
    "secret.txt",
    "dist",
    "?",
    ";",
    "%c0%ae",
  );
  let found = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(piece, { maxLength: 8 }),
      fc.boolean(),
      async (pieces, html) => {
        const incoming = new RawIncoming(
          "GET",
          `http://localhost/f/${pieces.join("")}`,
          html ? { accept: "text/html" } : {},
        );
        server.world.edge.receive(incoming);
        const [response] = incoming.responses;
        if (response === undefined) return;
        const { status } = await response;
        const body = await (await response).text();
        ok([200, 307, 404].includes(status), `${incoming.url}: ${status}`);
        ok(!body.includes("SECRET"), incoming.url);
        if (status === 200) {
          equal(body, "public");
          found++;
        }
      },
    ),
    {
      numRuns: 1000,
      seed: 1,
      examples: [
        [["sub", "/", "a.txt"], false],
        [["sub", "/", "up", "/", "secret.txt"], false],
        [["..", "/", "secret.txt"], true],
      ],
    },
  );
  ok(found > 10);
});

eachEngine.test("the name that is asked for says what a file is, wherever its link leads", async () => {
  const coded = gzipSync("made by the bundler");
  await using there = await serving({
    ".store/5f3a": SCRIPT,
    ".store/77c1": new Uint8Array(coded),
    "index.html": INDEX,
  });
  await Deno.symlink(".store/5f3a", `${there.path}/app.js`);
  await Deno.symlink(".store/77c1", `${there.path}/app.js.gz`);
  const answer = await overWire(there.server, "/app.js", {
    "accept-encoding": "gzip",
  });
  equal(answer.headers.get("content-type"), "text/javascript; charset=utf-8");
  deepEqual([...answer.body], [...coded]);
  equal(text(await overWire(there.server, "/app.js")), SCRIPT);
});

eachEngine.test("a request that expects another version of a file is refused before all other conditions", async () => {
  await using there = await serving(APP);
  const path = "/assets/app.js";
  const ask = async (
    headers: Readonly<Record<string, string>>,
    method?: string,
  ) => await overWire(there.server, path, headers, method);
  const { headers } = await ask({});
  const etag = headers.get("etag") ?? "";
  const modified = headers.get("last-modified") ?? "";
  const past = "Thu, 01 Jan 1970 00:00:00 GMT";
  const statusOf = async (...given: Parameters<typeof ask>) =>
    (await ask(...given)).status;
  deepEqual([
    await statusOf({ "if-match": etag }),
    await statusOf({ "if-match": "*" }),
    await statusOf({ "if-match": '"other"' }),
    await statusOf({ "if-match": '"other"', "if-none-match": etag }),
    await statusOf({ "if-match": '"other"', range: "bytes=0-1" }, "HEAD"),
    await statusOf({ "if-match": etag, "if-none-match": etag }),
    await statusOf({ "if-match": etag, range: "bytes=0-1" }),
    await statusOf({ "if-match": etag, range: "bytes=0-1" }, "HEAD"),
    await statusOf({ "if-unmodified-since": modified }),
    await statusOf({ "if-unmodified-since": past, range: "bytes=0-1" }),
    await statusOf({ "if-match": etag, "if-unmodified-since": past }),
    // There is no file, whatever is expected of it.
    (await overWire(there.server, "/none", { "if-match": "*" })).status,
  ], [200, 200, 412, 412, 412, 304, 206, 200, 200, 412, 200, 404]);
  const refused = await ask({ "if-match": '"other"' });
  equal(refused.headers.get("etag"), etag);
  equal(refused.headers.get("content-type"), "application/problem+json");
});

eachEngine.test("names that begin with a dot are found where the folder says so", async () => {
  await using there = await serving(APP, { dotFiles: true });
  equal(text(await overWire(there.server, "/.env")), "TOKEN=1");
  equal((await overWire(there.server, "/../secret.txt")).status, 404);
  equal((await overWire(there.server, "/..%2fsecret.txt")).status, 404);
});

eachEngine.test("the fallback answers navigations that accept HTML, and nothing else", async () => {
  await using there = await serving(APP, { fallback: "index.html" });
  const statusOf = async (
    headers: Record<string, string>,
    target = "/orders/17",
    method = "GET",
  ) => (await overWire(there.server, target, headers, method)).status;
  const page = await overWire(there.server, "/orders/17", NAVIGATION);
  deepEqual([page.status, text(page)], [200, INDEX]);
  match(page.headers.get("vary") ?? "", /Accept, Sec-Fetch-Mode/);
  const none = await overWire(there.server, "/orders/17", { accept: "*/*" });
  match(JSON.parse(text(none)).detail, /^Navigations get index\.html: /);
  deepEqual([
    await statusOf(NAVIGATION, "/orders/17", "HEAD"),
    await statusOf({ accept: "text/html" }),
    await statusOf({ accept: "text/html;q=0, */*" }),
    await statusOf({ accept: "*/*" }),
    await statusOf({ accept: "application/json" }),
    await statusOf({}),
    await statusOf({ ...NAVIGATION, "sec-fetch-mode": "cors" }),
    await statusOf(NAVIGATION, "/.env"),
    await statusOf(NAVIGATION, "/..%2fsecret.txt"),
    await statusOf(NAVIGATION, "/nowhere/"),
    await statusOf(NAVIGATION, "/assets"),
    await statusOf({ accept: "*/*" }, "/assets"),
  ], [200, 200, 404, 404, 404, 404, 404, 404, 404, 200, 200, 404]);
});

eachEngine.test("without a fallback, an unknown path is not found", async () => {
  await using there = await serving(APP);
  const { status, headers } = await overWire(
    there.server,
    "/orders/17",
    NAVIGATION,
  );
  deepEqual([status, headers.get("content-type")], [
    404,
    "application/problem+json",
  ]);
});

eachEngine.test("files leave in the coding that the client prefers, and their sizes on the wire are counted", async () => {
  await using there = await serving(APP);
  const decode = {
    br: (bytes: Uint8Array) => brotliDecompressSync(bytes),
    gzip: (bytes: Uint8Array) => gunzipSync(bytes),
  };
  let sent = 0;
  const tags = new Set<string>();
  for (const coding of ["br", "gzip"] as const) {
    for (let time = 0; time < 2; time++) {
      const answer = await overWire(there.server, "/assets/app.js", {
        "accept-encoding": coding,
      });
      const { headers, body } = answer;
      equal(headers.get("content-encoding"), coding);
      equal(headers.get("content-length"), `${body.length}`);
      match(headers.get("vary") ?? "", /Accept-Encoding/);
      ok(body.length < SCRIPT.length / 10);
      equal(new TextDecoder().decode(decode[coding](body)), SCRIPT);
      tags.add(headers.get("etag") ?? "");
      sent += body.length;
    }
  }
  const plain = await overWire(there.server, "/assets/app.js", {
    "accept-encoding": "gzip;q=0, br;q=0",
  });
  equal(text(plain), SCRIPT);
  equal(plain.headers.get("content-encoding"), null);
  match(plain.headers.get("vary") ?? "", /Accept-Encoding/);
  tags.add(plain.headers.get("etag") ?? "");
  equal(tags.size, 3);
  equal(
    there.server.stats().routes.app.bodyBytes,
    sent + SCRIPT.length,
  );
  const refused = await overWire(there.server, "/assets/app.js", {
    "accept-encoding": "*;q=0",
  });
  equal(refused.status, 406);
});

eachEngine.test("conditions and ranges concern the coded form", async () => {
  await using there = await serving(APP);
  const request = (headers: Record<string, string>) =>
    overWire(there.server, "/assets/app.js", {
      "accept-encoding": "gzip",
      ...headers,
    });
  const whole = await request({});
  const etag = whole.headers.get("etag") ?? "";
  const known = await request({ "if-none-match": etag });
  deepEqual([known.status, known.headers.get("etag"), known.body.length], [
    304,
    etag,
    0,
  ]);
  match(known.headers.get("vary") ?? "", /Accept-Encoding/);
  const part = await request({ range: "bytes=5-14", "if-range": etag });
  deepEqual([part.status, [...part.body], part.headers.get("content-range")], [
    206,
    [...whole.body.slice(5, 15)],
    `bytes 5-14/${whole.body.length}`,
  ]);
  // The tag of another coding is that of other bytes.
  const plain = await request({ "accept-encoding": "identity" });
  const other = await request({
    range: "bytes=5-14",
    "if-range": plain.headers.get("etag") ?? "",
  });
  deepEqual([other.status, other.body.length], [200, whole.body.length]);
  const head = await overWire(there.server, "/assets/app.js", {
    "accept-encoding": "gzip",
  }, "HEAD");
  deepEqual([head.headers.get("content-length"), head.body.length], [
    `${whole.body.length}`,
    0,
  ]);
});

eachEngine.test("a coded file beside a file is sent in its place", async () => {
  const own = gzipSync("made by the bundler");
  await using there = await serving({
    ...APP,
    "assets/app.js.gz": new Uint8Array(own),
    "small.css": "a{}",
    "small.css.gz": new Uint8Array(gzipSync("b{}")),
  });
  const answer = await overWire(there.server, "/assets/app.js", {
    "accept-encoding": "gzip",
  });
  deepEqual(
    [
      answer.headers.get("content-type"),
      answer.headers.get("content-encoding"),
    ],
    ["text/javascript; charset=utf-8", "gzip"],
  );
  deepEqual([...answer.body], [...own]);
  const small = await overWire(there.server, "/small.css", {
    "accept-encoding": "gzip, br",
  });
  equal(gunzipSync(small.body).toString(), "b{}");
  const both = await overWire(there.server, "/assets/app.js", {
    "accept-encoding": "gzip, br",
  });
  equal(both.headers.get("content-encoding"), "br");
  equal(brotliDecompressSync(both.body).toString(), SCRIPT);
});

eachEngine.test("a changed file is sent anew in each coding, and a small one or an image as it is", async () => {
  await using there = await serving({
    ...APP,
    "small.css": "a{}",
    "photo.png": "x".repeat(5000),
  });
  const request = (target: string, coding = "gzip") =>
    overWire(there.server, target, { "accept-encoding": coding });
  const first = await request("/assets/app.js");
  await Deno.writeTextFile(`${there.path}/assets/app.js`, `${SCRIPT}// 2`);
  await Deno.utime(`${there.path}/assets/app.js`, 5, 5);
  const second = await request("/assets/app.js");
  equal(gunzipSync(second.body).toString(), `${SCRIPT}// 2`);
  ok(first.headers.get("etag") !== second.headers.get("etag"));
  for (const target of ["/small.css", "/photo.png"]) {
    equal((await request(target)).headers.get("content-encoding"), null);
  }
  // A client may refuse it as it is.
  const small = await request("/small.css", "gzip, identity;q=0");
  equal(gunzipSync(small.body).toString(), "a{}");
});

Deno.test("codings are those that the route names, and none where it says so", async () => {
  const codingOf = async (compress: unknown) => {
    await using there = await serving(APP, { compress });
    const answer = await overWire(there.server, "/assets/app.js", {
      "accept-encoding": "gzip, br",
    });
    return answer.headers.get("content-encoding");
  };
  deepEqual(
    [
      await codingOf(true),
      await codingOf(["gzip"]),
      await codingOf(["gzip", "br"]),
      await codingOf(false),
    ],
    ["br", "gzip", "gzip", null],
  );
});

Deno.test("wrong folders, and files that leave them, are reported at the start", async () => {
  await using folder = await folderWith({ "a.txt": "a", "x.html": "x" });
  await using elsewhere = await folderWith({ "index.html": "b" });
  await Deno.mkdir(`${folder.path}/dist`);
  await Deno.symlink("../x.html", `${folder.path}/dist/index.html`);
  await Deno.symlink(elsewhere.path, `${folder.path}/linked`);
  const above = `../${folder.path.split("/").at(-1)}/..`;
  const route = (path: string, response: Record<string, unknown>) => ({
    path,
    response,
  });
  const error = await errorOf(() =>
    createPerfmock({
      routes: [
        route("/0/*", { folder: "none" }),
        route("/1/*", { folder: "a.txt" }),
        route("/2/*", { folder: above }),
        route("/3/*", { folder: "linked" }),
        route("/4/*", { folder: "dist", index: "index.html" }),
        route("/5/*", { folder: "dist", fallback: "../x.html" }),
        route("/6/*", { folder: "dist", fallback: "none.html" }),
        route("/7/*", { folder: "dist", fallback: "index.html" }),
        route("/8/:name", { folder: "dist" }),
        route("/9/*", { folder: "dist", status: 201 }),
        route("/10/*", { fallback: "index.html", dotFiles: true }),
        route("/12/*", {
          folder: "linked",
          outside: true,
          compress: true,
          headers: { "content-encoding": "x" },
        }),
        route("/11/*", { proxy: "http://127.0.0.1:9", compress: true }),
      ],
    }, { folder: folder.url })
  );
  const found = lines(error).map((line) =>
    line.replaceAll(folder.path, "FOLDER")
  );
  equal(
    found.toSorted().join("\n"),
    [
      "/routes/0/response/folder: Cannot read FOLDER/none: it does not exist",
      "/routes/1/response/folder: Not a folder: FOLDER/a.txt",
      '/routes/10/response/dotFiles: "dotFiles" applies only to "folder"',
      '/routes/10/response/fallback: "fallback" applies only to "folder"',
      '/routes/11/response/compress: The header "Content-Encoding" says that the body is coded already',
      '/routes/12/response/compress: "compress" applies only to "json", "text", "file", "folder", "repeat", "size" or "schema"',
      "/routes/2/response/folder: Cannot answer with files outside the configuration's folder FOLDER",
      "/routes/3/response/folder: Cannot answer with files outside the configuration's folder FOLDER",
      "/routes/4/response/index: It leads out of the folder: FOLDER/dist/index.html",
      "/routes/5/response/fallback: Must be the path of a file within the folder",
      "/routes/6/response/fallback: Cannot read FOLDER/dist/none.html: it does not exist",
      "/routes/7/response/fallback: It leads out of the folder: FOLDER/dist/index.html",
      "/routes/8/path: The path of a folder ends with /*, which stands for its files → /8/:name/*",
      "/routes/9/response/status: A folder has its own status",
    ].toSorted().join("\n"),
  );
});

eachEngine.test("a folder takes its service time and its wire, and its simulation the time of its wire", async () => {
  await using there = await serving(APP, {}, {
    path: "/app/:tenant/*",
    serviceTime: "30ms",
    wire: { bandwidth: "1MB/s" },
  });
  const response = await get(there.server, "/app/a/assets/app.js", {
    headers: { "accept-encoding": "identity" },
  });
  equal(await response.text(), SCRIPT);
  const timing = response.headers.get("server-timing") ?? "";
  ok(Number(/service;dur=([\d.]+)/.exec(timing)?.[1]) >= 30, timing);
  const { status, headers } = await overWire(there.server, "/app/a");
  deepEqual([status, headers.get("location")], [307, "./a/"]);
  const { scenarios } = await there.server.simulate({
    scenarios: Object.fromEntries(
      ["assets/app.js", "index.html", "none"].map((name, index) => [
        `s${index}`,
        {
          executor: "shared-iterations",
          iterations: 1,
          users: 1,
          requests: [{ path: `/app/a/${name}` }],
        },
      ]),
    ),
  });
  // 30 ms, and a millisecond for each kilobyte.
  const times = [0, 1, 2].map((index) =>
    Math.round(scenarios[`s${index}`].responseTime.max ?? 0)
  );
  deepEqual(times, [
    Math.round(30 + SCRIPT.length / 1000),
    Math.round(30 + INDEX.length / 1000),
    30,
  ]);
});
