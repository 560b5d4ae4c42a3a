import { deepEqual, equal, ok } from "node:assert/strict";
import { join } from "node:path";
import { createPerfmock, type Perfmock } from "../../core/app.ts";
import type { PerfmockInput } from "../../mod.ts";

/** Folders and files of one test: the configuration's folder is `inside`. */
async function folders() {
  const root = await Deno.makeTempDir();
  const inside = join(root, "inside");
  await Deno.mkdir(inside);
  await Deno.writeTextFile(join(root, "secret.csv"), "hunter2\n5ms,1\n");
  await Deno.writeTextFile(join(root, "values.csv"), "5\n6\n");
  await Deno.writeTextFile(join(inside, "values.csv"), "5\n6\n");
  await Deno.symlink(join(root, "secret.csv"), join(inside, "link.csv"));
  await Deno.symlink(root, join(inside, "up"));
  return {
    root,
    inside,
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

const CONFIG: PerfmockInput = {
  plugins: { limiter: { pools: { db: { concurrency: 4 } } } },
  routes: [{ id: "r", path: "/r", limiter: "db" }],
};

function start(folder: string, config: PerfmockInput = {}): Promise<Perfmock> {
  return createPerfmock({ ...CONFIG, ...config }, {
    folder,
    listen: false,
    log: () => {},
  });
}

async function call(server: Perfmock, named: string, body?: unknown) {
  const [method, path] = named.split(" ");
  const response = await server.fetch(
    new Request(`http://localhost/_perfmock/${path}`, {
      method,
      ...body !== undefined && { body: JSON.stringify(body) },
    }),
  );
  const text = await response.text();
  const { code, issues = [], title } = text.startsWith("{")
    ? JSON.parse(text)
    : {};
  return { status: response.status, code, issues, title, text };
}

type Case = readonly [call: string, body: unknown];

/** Every way by which a call can name a file. */
function naming(file: string): Case[] {
  const distribution = { empirical: { file } };
  const trace = { trace: { file } };
  const requests = [{ path: "/r" }];
  const replay = { executor: "replay", trace: { file }, requests };
  const csv = {
    executor: "shared-iterations",
    iterations: 1,
    requests,
    variables: { v: { csv: { file, column: "a" } } },
  };
  return [
    ["PUT routes/x", { path: "/x", response: { file } }],
    ["PUT routes/x", { path: "/x/*", response: { folder: file } }],
    ["PATCH routes/r", { serviceTime: distribution }],
    ["PATCH routes/r", { serviceTime: `empirical(file="${file}")` }],
    ["PUT config", { routes: [{ path: "/x", response: { file } }] }],
    ["PATCH config", {
      plugins: { distributions: { profiles: { p: distribution } } },
    }],
    ["PATCH config", { server: { tls: { cert: file, key: file } } }],
    ["PATCH limiter/pools/db", {
      background: { rate: trace, serviceTime: "1ms" },
    }],
    ["POST sessions", { routes: { r: { response: { file } } } }],
    ["POST distributions/explain", { distribution }],
    ["POST distributions/sample", { distribution, count: 1 }],
    ["POST resource_stress/scenarios", { cpu: { load: trace } }],
    ["POST load_engine/runs", { scenarios: { a: replay } }],
    ["POST load_engine/runs", { scenarios: { a: csv } }],
    ["POST load_engine/simulate", { scenarios: { a: replay } }],
  ];
}

Deno.test("a call names no file outside the configuration's folder, whatever names it and however", async () => {
  await using places = await folders();
  const { root, inside } = places;
  await using server = await start(inside);
  for (
    const file of [
      join(root, "secret.csv"),
      "../secret.csv",
      "./none/../../secret.csv",
      "link.csv",
      "up/secret.csv",
      "/etc/passwd",
      "/dev/zero",
      "../not-there",
    ]
  ) {
    for (const [named, body] of naming(file)) {
      const { status, code, text } = await call(server, named, body);
      deepEqual(
        [status, code],
        [403, "POWER_MISSING"],
        `${named} ${file}: ${text}`,
      );
      ok(!text.includes("hunter2") && !text.includes("root:"), text);
    }
  }
  for (
    const [path, response] of [
      ["/x", { file: "{{query.f}}" }],
      ["/x/*", { folder: "." }],
    ]
  ) {
    const outside = await call(server, "PUT routes/x", {
      path,
      response: { ...response as object, outside: true },
    });
    deepEqual(
      [outside.status, outside.issues[0].path],
      [403, "/routes/1/response/outside"],
    );
  }
  equal(server.revision, 1, "nothing has changed");
  // A file within the folder needs no power.
  const within = { distribution: { empirical: { file: "values.csv" } } };
  equal((await call(server, "POST distributions/explain", within)).status, 200);
});

Deno.test("no error quotes the content of a file", async () => {
  await using places = await folders();
  const { inside } = places;
  const texts = [
    "hunter2 hunter3: hunter4",
    "1\nhunter2\n",
    "1,2\n0.5,hunter2",
    "{hunter2 7",
    '{ "log": "hunter2" }',
    "hunter2,b,c\nx,y,z\n",
    "20002,5\n10001,5\n",
    "20002,5\n30003,4\n",
  ];
  await using server = await start(inside, { control: { allow: ["plugins"] } });
  for (const [index, text] of texts.entries()) {
    const file = `./file${index}.ts`;
    await Deno.writeTextFile(join(inside, file), text);
    const histogram = { histogram: { file, unit: "1ms", cumulative: true } };
    const replay = (format: string) => ({
      scenarios: {
        a: {
          executor: "replay",
          trace: { file, format },
          requests: [{ path: "/r" }],
        },
      },
    });
    for (
      const [named, body] of [
        ...naming(file).filter(([named]) =>
          named !== "POST load_engine/runs" && !named.includes("routes/x") &&
          named !== "PUT config" && named !== "POST sessions"
        ),
        ["POST distributions/explain", { distribution: histogram }],
        ["POST load_engine/simulate", replay("har")],
        ["POST load_engine/simulate", replay("access-log")],
        // The others are programs, which may say what they like.
        ...text.includes("hunter2 ") || text.startsWith("{hunter2")
          ? [["PATCH config", { plugins: { [file]: {} } }] satisfies Case]
          : [],
      ] satisfies Case[]
    ) {
      const { status, text } = await call(server, named, body);
      if (status === 200 || status === 201) continue;
      ok(!/hunter|[123]000[123]/.test(text), `${named} ${index}: ${text}`);
    }
  }
});

Deno.test("with the power, calls name files outside", async () => {
  await using places = await folders();
  await using server = await start(places.inside, {
    control: { allow: ["files"] },
  });
  const body = { distribution: { empirical: { file: "../values.csv" } } };
  equal((await call(server, "POST distributions/explain", body)).status, 200);
});

Deno.test("a call names no upstream and no receiver beyond loopback", async () => {
  await using server = await start(".");
  const proxied = (proxy: unknown) => ({ path: "/x", response: { proxy } });
  const refused: Case[] = [
    ...["http://10.0.0.7", "http://169.254.169.254/latest", "https://a.example"]
      .flatMap((url): Case[] => [
        ["PUT routes/x", proxied(url)],
        ["PUT routes/x", proxied({ url, timeout: "1s" })],
        ["PATCH routes/r", { response: { proxy: url } }],
        ["PUT config", { routes: [proxied(url)] }],
        ["POST sessions", { routes: { x: proxied(url) } }],
        ["PATCH config", {
          plugins: { exporters: { otlp: { endpoint: url } } },
        }],
      ]),
    ...["10.0.0.7:8125", "a.example:8125", "[fe80::1]:8125"]
      .map((address): Case => [
        "PATCH config",
        { plugins: { exporters: { statsd: { address } } } },
      ]),
    ["PATCH config", {
      plugins: { load_engine: { targets: ["https://a.example"] } },
    }],
  ];
  for (const [named, body] of refused) {
    const { status, code, text } = await call(server, named, body);
    deepEqual([status, code], [403, "POWER_MISSING"], `${named}: ${text}`);
  }
  equal(server.revision, 1, "nothing has changed");
  for (
    const url of ["http://127.0.0.1:3000", "http://LOCALHOST", "http://[::1]"]
  ) {
    equal((await call(server, "PUT routes/x", proxied(url))).status, 200, url);
  }
});

Deno.test("with the powers, calls name upstreams and targets, and with one of them not the other", async () => {
  const proxy = { path: "/x", response: { proxy: "http://a.example" } };
  const targets = {
    plugins: { load_engine: { targets: ["https://a.example"] } },
  };
  await using proxies = await start(".", { control: { allow: ["proxies"] } });
  equal((await call(proxies, "PUT routes/x", proxy)).status, 200);
  equal((await call(proxies, "PATCH config", targets)).status, 403);
  await using both = await start(".", { control: { allow: ["targets"] } });
  equal((await call(both, "PUT routes/x", proxy)).status, 403);
  equal((await call(both, "PATCH config", targets)).status, 200);
});

/** A module that leaves a file where it ran. */
function tell(path: string, name: string): string {
  return `Deno.writeTextFileSync(${
    JSON.stringify(path)
  },"ran"); export default { name: "${name}", version: "1.0.0" };`;
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

Deno.test("a refused change runs no code of a plugin, not even beside one that may be loaded", async () => {
  await using places = await folders();
  const { root, inside } = places;
  const ran = join(root, "ran");
  await Deno.writeTextFile(join(inside, "plugin.js"), tell(ran, "own"));
  const data = `data:text/javascript,${encodeURIComponent(tell(ran, "data"))}`;
  const path = new URL("../../", import.meta.url);
  const lock = await Deno.readTextFile(new URL("deno.lock", path));
  await using server = await start(inside);
  for (const key of ["./plugin.js", data, "npm:is-odd@3.0.1", "jsr:@a/b"]) {
    for (const named of ["PATCH config", "PUT config"]) {
      const { status, code, issues } = await call(server, named, {
        plugins: { [key]: {} },
      });
      deepEqual([status, code], [403, "POWER_MISSING"], key);
      equal(issues.length, 1);
    }
  }
  const both = await call(server, "PATCH config", {
    seed: [],
    plugins: { [data]: {} },
  });
  deepEqual(
    [both.status, both.issues.map(({ path }: { path: string }) => path).length],
    [403, 2],
    "all errors at once",
  );
  // With the power, errors elsewhere are found before the code runs.
  await using allowed = await start(inside, {
    control: { allow: ["plugins"] },
  });
  for (
    const more of [
      { seed: [] },
      { server: { port: "x" } },
      { plugins: { "./plugin.js": {}, limiter: { pools: 5 } } },
      { plugins: { "./plugin.js": {}, "http://127.0.0.1:9/x.js": {} } },
    ]
  ) {
    const { status } = await call(allowed, "PATCH config", {
      plugins: { "./plugin.js": {} },
      ...more,
    });
    equal(status, 400);
  }
  equal(await exists(ran), false);
  equal(await Deno.readTextFile(new URL("deno.lock", path)), lock);
  const loaded = await call(allowed, "PATCH config", {
    plugins: { "./plugin.js": {} },
  });
  equal(loaded.status, 200, loaded.text);
  equal(await exists(ran), true);
});

Deno.test("plugins are never imported over http, and the error says so", async () => {
  await using server = await start(".", { control: { allow: ["plugins"] } });
  for (const key of ["http://127.0.0.1:9/x.js", "HTTPS://127.0.0.1:9/x.js"]) {
    const { status, issues } = await call(server, "PATCH config", {
      plugins: { [key]: {} },
    });
    equal(status, 400);
    equal(
      issues[0].message,
      `Cannot load plugin "${key}": plugins are not imported over http`,
    );
    const started = await start(".", { plugins: { [key]: {} } })
      .catch(({ code }) => code);
    equal(started, "PLUGIN_NOT_LOADED");
  }
});

Deno.test("no call gives itself a power", async () => {
  await using server = await start(".", { control: { allow: ["files"] } });
  const patch = (allow: readonly string[]) =>
    call(server, "PATCH config", { control: { allow } });
  const { status, code, issues } = await patch(["files", "plugins"]);
  deepEqual([status, code, issues[0].path], [
    403,
    "POWER_MISSING",
    "/control/allow/1",
  ]);
  equal((await patch([])).status, 200, "but it can give one up");
  const body = { distribution: { empirical: { file: "/etc/passwd" } } };
  equal((await call(server, "POST distributions/explain", body)).status, 403);
});

Deno.test("what the start configuration names stays, and may be named by calls", async () => {
  await using places = await folders();
  const { inside } = places;
  const proxied = { path: "/p", response: { proxy: "http://a.example/v1" } };
  const file = {
    path: "/f",
    response: { file: "../values.csv", outside: true },
  };
  await using server = await start(inside, {
    plugins: {
      load_engine: { targets: ["https://a.example"] },
      distributions: {
        profiles: { p: { empirical: { file: "../values.csv" } } },
      },
    },
    routes: [{ id: "r", path: "/r" }, proxied, file],
  });
  equal((await call(server, "PATCH config", { seed: 7 })).status, 200);
  equal((await call(server, "POST sessions", {})).status, 201);
  const again = await call(server, "PUT routes/again", {
    ...proxied,
    path: "/again",
  });
  equal(again.status, 200, again.text);
  const other = await call(server, "PUT routes/other", {
    path: "/other",
    response: { proxy: "http://a.example/admin" },
  });
  equal(other.status, 403);
  // A program that holds the server may name anything, and calls may then name it too.
  await server.update({
    plugins: { load_engine: { targets: ["https://b.example"] } },
  });
  equal((await call(server, "PATCH config", { seed: 8 })).status, 200);
});
