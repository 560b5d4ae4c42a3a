// Runs alone, without the profiler: measures processor time and counts descriptors.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { createPerfmock, type Perfmock } from "../../../mod.ts";
import { get, json } from "../../support/http.ts";
import { until } from "../../support/wait.ts";
import { RawClient, request } from "./_raw_client.ts";

const MOD = fileURLToPath(new URL("../../../mod.ts", import.meta.url));

/** Connects to a server. */
function client({ url }: { readonly url: URL }): Promise<RawClient> {
  return RawClient.connect(Number(url.port));
}

/** Connects to a server a number of times. */
function clients(server: { readonly url: URL }, count: number) {
  return Promise.all(Array.from({ length: count }, () => client(server)));
}

/** Descriptors of this process: what each stands for. */
function descriptors(): string[] {
  return [...Deno.readDirSync("/proc/self/fd")].flatMap(({ name }) => {
    try {
      return [Deno.readLinkSync(`/proc/self/fd/${name}`)];
    } catch {
      // That of the listing itself.
      return [];
    }
  });
}

/** Processor time that a process has used, in ms. */
function processorTime(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  // User and system time, in hundredths of a second.
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

const ROUTES = [
  { id: "now", path: "/now", response: { text: "now" } },
  { id: "soon", path: "/soon", serviceTime: "3ms", response: { text: "soon" } },
  { id: "late", path: "/late", serviceTime: "60s", response: { text: "late" } },
  {
    id: "large",
    path: "/large",
    response: { text: "x".repeat(1_000_000) },
  },
];

Deno.test("50 servers in one process share one loop, and leave nothing", async () => {
  // Descriptors that the first server opens for good, such as those of libraries, are not counted.
  const routes = ROUTES.slice(0, 2);
  await (await createPerfmock({ routes }))[Symbol.asyncDispose]();
  const loops = () =>
    descriptors().filter((name) => name === "anon_inode:[eventpoll]").length;
  const before = descriptors().length;
  const loopsBefore = loops();
  const servers = await Promise.all(
    Array.from({ length: 50 }, () => createPerfmock({ routes })),
  );
  equal(loops(), loopsBefore + 1);
  await Promise.all(servers.map(async (server) => {
    equal(server.health().engine, "native");
    using one = await client(server);
    await one.send(request("/soon") + request("/now"));
    deepEqual(
      (await one.responses(2)).map(({ body }) => body),
      ["soon", "now"],
    );
  }));
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  equal(descriptors().length, before);
});

Deno.test("servers are disposed while requests of all kinds are under way", async () => {
  for (let round = 0; round < 10; round++) {
    const server = await createPerfmock({
      routes: ROUTES,
      server: { drainTimeout: "20ms" },
    });
    const all = await clients(server, 8);
    const texts = [
      request("/late"),
      request("/now").repeat(100),
      request("/soon").repeat(10),
      "GET /now HTTP/1.1\r\nho",
      request("/large").repeat(20),
      request("/now", { method: "POST", headers: ["content-length: 9"] }),
      "",
      request("/_perfmock/live"),
    ];
    await Promise.all(all.map((each, n) => each.send(texts[n])));
    await until(() => server.inFlight >= 1);
    await server[Symbol.asyncDispose]();
    equal(server.inFlight, 0);
    for (const each of all) {
      await each.end();
      each.close();
    }
  }
});

Deno.test("a configuration that changes under load loses no request", async () => {
  await using server = await createPerfmock({
    routes: ROUTES,
    server: { drainTimeout: "1s" },
  });
  let changes = 0;
  const loads = (await clients(server, 10)).map(async (each) => {
    let answers = 0;
    while (changes < 30) {
      await each.send(request("/soon") + request("/now"));
      for (const { status } of await each.responses(2)) equal(status, 200);
      answers += 2;
    }
    each.close();
    return answers;
  });
  for (; changes < 30; changes++) {
    await server.update({ server: { drainTimeout: 1000 + changes } });
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const answers = (await Promise.all(loads)).reduce((sum, n) => sum + n);
  const { routes } = server.stats();
  equal(routes.soon.answered + routes.now.answered, answers);
  equal(routes.soon.gone, 0);
});

Deno.test("connections beyond the limit wait, and the control API answers once some end", async () => {
  await using server = await createPerfmock({
    routes: ROUTES,
    server: { limits: { connections: 20 } },
  });
  const half = await clients(server, 60);
  await Promise.all(half.map((each) => each.send("GET /now HTTP/1.1\r\nx: ")));
  using control = await client(server);
  await control.send(request("/_perfmock/health"));
  const answer = control.response();
  for (const each of half) each.close();
  equal((await answer).status, 200);
});

Deno.test("clients that never read take no memory beyond one answer each", async () => {
  await using server = await createPerfmock({ routes: ROUTES });
  const all = await clients(server, 100);
  const before = Deno.memoryUsage().rss;
  // 2 GB of answers.
  await Promise.all(
    all.map((each) => each.send(request("/large").repeat(20))),
  );
  await until(() => server.stats().routes.large.answered >= 100);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const grown = (Deno.memoryUsage().rss - before) / 1e6;
  ok(grown < 200, `${grown} MB more`);
  for (const each of all) each.close();
  await until(() => server.inFlight === 0);
});

/** Starts to serve in a process whose shell runs a command before. */
async function servingAfter(
  shell: string,
  flags: readonly string[],
  config: unknown,
): Promise<
  & AsyncDisposable
  & {
    readonly url: URL;
    readonly pid: number;
    readonly log: () => string;
    end(signal: Deno.Signal): Promise<number>;
  }
> {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  await Deno.writeTextFile(`${folder}/mock.json`, JSON.stringify(config));
  const ready = `${folder}/ready.json`;
  const child = new Deno.Command("sh", {
    args: [
      "-c",
      `${shell}; exec "$@"`,
      "sh",
      Deno.execPath(),
      "run",
      "--no-check",
      "--no-prompt",
      ...flags,
      MOD,
      "serve",
      "--config",
      `${folder}/mock.json`,
      "--ready-file",
      ready,
    ],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let text = "";
  let over = false;
  const reading = (async () => {
    for await (
      const part of child.stderr.pipeThrough(new TextDecoderStream())
    ) text += part;
  })();
  const status = child.status.then((it) => {
    over = true;
    return it;
  });
  let url = "";
  await until(async () => {
    if (over) {
      await reading;
      throw new Error(`It ended: ${text}`);
    }
    try {
      ({ url } = JSON.parse(await Deno.readTextFile(ready)));
      return true;
    } catch {
      return false;
    }
  });
  return {
    url: new URL(url),
    pid: child.pid,
    log: () => text,
    async end(signal) {
      child.kill(signal);
      const { code } = await status;
      await reading;
      return code;
    },
    async [Symbol.asyncDispose]() {
      if (!over) child.kill("SIGKILL");
      await status;
      await reading;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

Deno.test("a process without a descriptor left goes on, lets connections wait, and takes no processor time meanwhile", async () => {
  await using server = await servingAfter("ulimit -n 60", ["-A"], {
    server: { port: 0 },
    routes: ROUTES,
  });
  match(server.log(), /may open 60 descriptors/);
  const all = await clients(server, 200);
  await Promise.all(all.map((each) => each.send(request("/now"))));
  await until(() =>
    /No descriptor is left|As many connections are open/.test(server.log())
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = processorTime(server.pid);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const used = processorTime(server.pid) - before;
  ok(used <= 100, `${used} ms in 1000 ms`);
  // Each that is answered makes room for one that waits.
  await Promise.all(all.map(async (each) => {
    equal((await each.response()).body, "now");
    each.close();
  }));
  using last = await client(server);
  await last.send(request("/_perfmock/health"));
  equal((await last.response()).status, 200);
  equal(await server.end("SIGTERM"), 0);
  equal(
    server.log().match(/further (ones|connections) have to wait/g)?.length,
    1,
  );
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} in the middle of everything ends the process, and each connection`, async () => {
    await using server = await servingAfter(":", ["-A"], {
      server: { port: 0, drainTimeout: "200ms" },
      routes: ROUTES,
    });
    const all = await clients(server, 40);
    const texts = [
      request("/late"),
      request("/now").repeat(200),
      request("/soon").repeat(50),
      "GET /now HTTP/1.1\r\nho",
      request("/large").repeat(50),
      request("/now", { method: "POST", headers: ["content-length: 9"] }),
      "",
      request("/_perfmock/live"),
    ];
    await Promise.all(all.map((each, n) => each.send(texts[n % 8])));
    await all[1].response();
    const started = performance.now();
    equal(await server.end(signal), 0, server.log());
    ok(performance.now() - started < 10_000);
    ok(!/rror:/.test(server.log()), server.log());
    for (const each of all) {
      await each.end();
      each.close();
    }
  });
}

Deno.test("two processes share a port with reusePort, and one goes on after the other's end", async () => {
  const server = { port: 0, reusePort: true };
  await using first = await servingAfter(":", ["-A"], {
    server,
    routes: ROUTES,
  });
  await using second = await servingAfter(":", ["-A"], {
    server: { ...server, port: Number(first.url.port) },
    routes: ROUTES,
  });
  equal(second.url.port, first.url.port);
  const sequences = async () => {
    const seen: string[] = [];
    for (let n = 0; n < 20; n++) {
      using one = await client(first);
      await one.send(request("/now"));
      const { body, headers } = await one.response();
      equal(body, "now");
      seen.push(headers.get("perfmock-sequence") ?? "");
    }
    return seen;
  };
  // Each process counts for itself, so that numbers come twice.
  ok(new Set(await sequences()).size < 20);
  equal(await first.end("SIGTERM"), 0);
  equal(new Set(await sequences()).size, 20);
  equal(await second.end("SIGTERM"), 0);
});

Deno.test("auto falls back to Deno's server without permission for FFI, and health says so", async () => {
  await using server = await servingAfter(":", ["-A", "--deny-ffi"], {
    server: { port: 0 },
    routes: ROUTES,
  });
  const { engine, engineReason } = await json<
    { engine: string; engineReason: string }
  >(fetch(new URL("/_perfmock/health", server.url)));
  equal(engine, "deno");
  match(engineReason, /--allow-ffi/);
  equal(await server.end("SIGTERM"), 0);
});

Deno.test("native runs without permission to read all files, and asks for none", async () => {
  const folder = fileURLToPath(new URL("../../..", import.meta.url));
  await using server = await servingAfter(":", [
    "--allow-ffi",
    "--allow-net",
    "--allow-env",
    "--allow-sys",
    "--allow-write",
    `--allow-read=${folder},/tmp`,
  ], { server: { port: 0 }, routes: ROUTES });
  const health = await json<{ engine: string }>(
    fetch(new URL("/_perfmock/health", server.url)),
  );
  equal(health.engine, "native");
  const started = performance.now();
  const response = await fetch(new URL("/soon", server.url));
  equal(await response.text(), "soon");
  ok(performance.now() - started >= 3);
  equal(await server.end("SIGTERM"), 0);
});

Deno.test("a request under way keeps the loop exact while others come and go", async () => {
  await using server: Perfmock = await createPerfmock({ routes: ROUTES });
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => get(server, "/soon")),
  );
  for (const answer of answers) equal(await answer.text(), "soon");
  equal(server.stats().routes.soon.early, 0);
});
