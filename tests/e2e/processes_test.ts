import { deepEqual, equal, match, ok } from "node:assert/strict";
import { obstacle } from "../../core/net/libc.ts";
import { run, serving } from "../support/cli.ts";
import { until } from "../support/wait.ts";

const CONFIG = {
  server: { port: 0 },
  plugins: { limiter: { pools: { db: { concurrency: 6, queue: 4 } } } },
  routes: [
    { id: "a", path: "/a", serviceTime: "1ms", response: { text: "a" } },
    { id: "db", path: "/db", limiter: "db", response: { json: [1] } },
  ],
};

/** A folder with a configuration, removed at the end. */
async function folderOf(
  config: unknown,
  files: Readonly<Record<string, string>> = {},
) {
  const folder = await Deno.makeTempDir({ prefix: "perfmock-test-" });
  const file = `${folder}/perfmock.json`;
  const write = (value: unknown) =>
    Deno.writeTextFile(file, JSON.stringify(value));
  await write(config);
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${folder}/${name}`, text);
  }
  return {
    file,
    write,
    async [Symbol.asyncDispose]() {
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** Sends a request on a connection of its own, since the kernel deals out connections. */
async function alone(url: URL, init: RequestInit = {}): Promise<Response> {
  using client = Deno.createHttpClient({});
  const response = await fetch(url, { ...init, client });
  const body = await response.text();
  return new Response(response.status === 204 ? null : body, response);
}

/** Calls of the control API of a server. */
function control(url: URL) {
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await alone(new URL(`/_perfmock/${path}`, url), {
      method,
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    const text = await response.text();
    return {
      status: response.status,
      data: text === "" ? undefined : JSON.parse(text),
    };
  };
  const get = async (path: string) => (await call("GET", path)).data;
  /** Answers of both replicas, each asked for itself. */
  const each = (path: string) =>
    Promise.all(["0/2", "1/2"].map((name) => get(`${path}?replica=${name}`)));
  return { call, each, get };
}

/** Process ids of the children of a process. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/task/${pid}/children`);
  return text.trim().split(" ").filter((id) => id !== "").map(Number);
}

const NATIVE = obstacle() === undefined;

Deno.test({
  name:
    "serve --processes: calls that reach one process act on all, and a process that ends is replaced with the present state",
  ignore: !NATIVE,
  async fn() {
    await using config = await folderOf(CONFIG);
    await using server = await serving([
      "--config",
      config.file,
      "--processes",
      "2",
    ]);
    const { call, each, get } = control(server.url);
    const requests = 24;
    for (let i = 0; i < requests; i++) {
      await alone(new URL(i % 2 === 0 ? "/a" : "/db", server.url));
    }

    const stats = await get("stats");
    deepEqual(stats.replicas, [
      { name: "0/2", answered: true },
      { name: "1/2", answered: true },
    ]);
    equal(stats.complete, true);
    equal(stats.routes.a.arrivals, requests / 2);
    equal(stats.routes.a.responseTime.count, requests / 2);
    const [pool] = stats.plugins.limiter.pools;
    deepEqual([pool.name, pool.admitted], ["db", requests / 2]);

    const { requests: journal } = await get("requests?limit=1000");
    equal(journal.length, requests);
    const replicas = new Set(
      journal.map(({ replica }: { replica: string }) => replica),
    );
    equal(replicas.size, 2, "the kernel gave all connections to one process");
    const times = journal.map(({ time }: { time: string }) => time);
    deepEqual(times, times.toSorted());

    const metrics = await (await alone(new URL("/metrics", server.url))).text();
    match(
      metrics,
      new RegExp(
        `^perfmock_arrivals_total\\{route="a"\\} ${requests / 2}$`,
        "m",
      ),
    );
    match(metrics, /^perfmock_pool_concurrency\{pool="db"\} 6$/m);

    const patched = await call("PATCH", "routes/a", { serviceTime: "2ms" });
    equal(patched.status, 200);
    const written = (configs: { routes: { serviceTime: string }[] }[]) =>
      configs.map(({ routes }) => routes[0].serviceTime);
    deepEqual(written(await each("config")), ["2ms", "2ms"]);
    const refused = await call("PATCH", "routes/a", { serviceTme: "3ms" });
    deepEqual([refused.status, refused.data.code], [400, "CONFIG_INVALID"]);
    deepEqual(written(await each("config")), ["2ms", "2ms"]);

    equal((await call("PATCH", "backend", { scale: 3 })).data.scale, 3);
    equal((await call("POST", "sessions", { name: "w1" })).status, 201);
    const started = await call("POST", "resource_stress/scenarios", {
      allocation: { rate: "1MiB/s" },
      duration: "1m",
    });
    equal(started.status, 201);
    const { processes } = await get("resource_stress/scenarios");
    deepEqual(
      Object.values(processes as Record<string, { scenarios: unknown[] }>)
        .map(({ scenarios }) => scenarios.length),
      [1, 1],
    );
    equal((await call("DELETE", "resource_stress/scenarios")).status, 200);
    equal((await call("POST", "bottleneck_finder/runs", {})).status, 409);
    equal((await call("GET", "stats?replica=7/2")).status, 404);

    const [victim] = await childrenOf(server.pid);
    Deno.kill(victim, "SIGKILL");
    await until(async () => {
      const pids = await childrenOf(server.pid);
      if (pids.length !== 2 || pids.includes(victim)) return false;
      const { complete, replicas } = await get("stats");
      return !complete &&
        replicas.every(({ answered }: { answered: boolean }) => answered);
    });
    const { reasons, status } = await get("health");
    equal(status, "degraded");
    match(
      reasons.join("\n"),
      new RegExp(`Process \\d/2 \\(pid ${victim}\\) ended with SIGKILL`),
    );
    match(server.err, new RegExp(`pid ${victim}`));
    deepEqual(written(await each("config")), ["2ms", "2ms"]);
    deepEqual(
      (await each("backend")).map(({ scale }) => scale),
      [3, 3],
    );
    deepEqual(
      (await each("sessions")).map(({ sessions }) => sessions[0].name),
      ["w1", "w1"],
    );
    const revisions = (await each("health")).map(({ revision }) => revision);
    equal(revisions[0], revisions[1]);

    equal((await call("POST", "reset")).status, 204);
    await until(async () => (await get("stats")).complete);
    equal((await get("stats")).routes.a.arrivals, 0);

    server.signal("SIGTERM");
    const { out, status: exit } = await server.ended;
    equal(exit, 0);
    match(out, /native, 2 processes/);
    match(out, /Draining 2 processes\nNo requests arrived\n$/);
  },
});

Deno.test({
  name:
    "serve --processes: SIGHUP reads the configuration again in all processes or in none, and no process outlives a killed supervisor",
  ignore: !NATIVE,
  async fn() {
    await using config = await folderOf(CONFIG);
    await using server = await serving([
      "--config",
      config.file,
      "--processes",
      "2",
    ]);
    const { call, each, get } = control(server.url);
    const route = { path: "/new", response: { text: "new" } };
    await config.write({ ...CONFIG, routes: [route] });
    server.signal("SIGHUP");
    await until(() => /revision 2\n/.test(server.err));
    deepEqual(
      (await each("config")).map(({ routes }) => routes[0].path),
      ["/new", "/new"],
    );
    await config.write({ ...CONFIG, routes: [{ ...route, path: 3 }] });
    server.signal("SIGHUP");
    await until(() => server.err.includes("nothing was changed"));
    match(server.err, /perfmock\.json/);
    deepEqual((await each("health")).map(({ revision }) => revision), [2, 2]);

    // A supervisor that stands still is told in health, and no change waits for it.
    Deno.kill(server.pid, "SIGSTOP");
    const change = call("PATCH", "routes/get-new", { serviceTime: "5ms" });
    deepEqual((await change).status, 503);
    await until(async () =>
      /supervisor .* does not answer/.test(
        (await get("health")).reasons.join(),
      )
    );
    equal((await call("POST", "reset")).status, 503);
    equal((await alone(new URL("/new", server.url))).status, 200);
    Deno.kill(server.pid, "SIGCONT");
    await until(async () =>
      !(await get("health")).reasons.join().includes("does not answer")
    );
    deepEqual(
      (await each("routes/get-new")).map(({ serviceTime }) => serviceTime),
      [undefined, undefined],
    );

    const processes = await childrenOf(server.pid);
    equal(processes.length, 2);
    Deno.kill(server.pid, "SIGKILL");
    await server.ended;
    await until(() => processes.every((pid) => !isAlive(pid)));
  },
});

/** True if a process runs: one that has ended and was not reaped yet does not. */
function isAlive(pid: number): boolean {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}

Deno.test({
  name:
    "serve --processes: processes that end again and again stop the supervisor with the reason",
  ignore: !NATIVE,
  async fn() {
    await using config = await folderOf({
      server: { port: 0 },
      routes: [{ path: "/a" }],
      plugins: { "./ending.ts": {} },
    }, {
      "ending.ts": `export default {
        name: "ending",
        version: "1.0.0",
        scope: "server",
        setup(host) {
          if (!host.serves) return {};
          setInterval(() => {
            // Once it listens, since the first start tells its own error.
            if (host.url === undefined) return;
            console.error("the disk is full");
            Deno.exit(7);
          }, 50);
          return {};
        },
      };`,
    });
    const { err, status } = await run([
      "serve",
      "--config",
      config.file,
      "--processes",
      "1",
    ]);
    equal(status, 1);
    match(err, /process 0\/1 ended 3 times within 5 s of its start/);
    match(err, /status 7: .*the disk is full/);
  },
});

Deno.test("serve --processes refuses numbers and settings that cannot be", async () => {
  await using config = await folderOf(CONFIG);
  const refused = async (...args: readonly string[]) => {
    const { err, status } = await run([
      "serve",
      "--config",
      config.file,
      ...args,
    ]);
    equal(status, 2);
    return err;
  };
  match(await refused("--processes", "0"), /1 to 256, or auto/);
  match(
    await refused("--processes", "two", "--segment", "0/2"),
    /1 to 256, or auto[^]*segment of its own/,
  );
  await config.write({ ...CONFIG, server: { port: 0, engine: "deno" } });
  const err = await refused("--processes", "2");
  ok(err.includes('server.engine is "deno"'));
});
