/**
 * Torture: for a time, a server in a process of its own receives everything at once that clients, files, plugins, receivers and
 * the control API can do to it. It must go on answering, on time, and afterwards hold what it held before.
 *
 * `PERFMOCK_TORTURE_SECONDS` is the time for each engine, by default 15; `PERFMOCK_TORTURE_SEED` makes other choices, by default 16.
 */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { EngineName } from "../../mod.ts";
import { openDescriptors, residentBytes } from "../bench/process_figures.ts";
import { Chance } from "../fuzz/_generator.ts";
import { type Serving, serving } from "../support/cli.ts";
import { ENGINES } from "../support/each_engine.ts";
import { folderWith } from "../support/plugins.ts";
import { freePort, required, until } from "./_software.ts";
import {
  files,
  receivers,
  reload,
  runs,
  sessions,
} from "./_torture_changes.ts";
import {
  type Client,
  flood,
  malformed,
  mixed,
  pause,
  quiet,
  slow,
  slowReader,
  type Torture,
} from "./_torture_clients.ts";
import {
  BAD_PLUGIN,
  configuration,
  CONNECTIONS,
  EXCEPTIONS,
  Receivers,
  Upstream,
} from "./_torture_server.ts";
import { Tally } from "./_torture_tally.ts";

const SECONDS = Number(Deno.env.get("PERFMOCK_TORTURE_SECONDS") ?? "15");
const SEED = Number(Deno.env.get("PERFMOCK_TORTURE_SEED") ?? "16");

/** Share of the time that comes before the first measurement, so that caches, threads and pools are there. */
const WARM_UP = 0.3;

/** Bound of the 99th percentile of lateness, in ms, where the machine lets the server run. */
const LATENESS = 100;

/** Bound of the 99th percentile of the turn that a moment of the server's thread falls into, in ms, however busy the machine is. */
const TURN = 100;

/** Time that the server's thread waits for a processor, in relation to the time it runs, beyond which what is late is the machine's. */
const STARVED = 1;

/** Bounds of growth from the first measurement to the last. */
const GROWTH = {
  heapBytes: 32 * 2 ** 20,
  residentBytes: 200 * 2 ** 20,
  descriptors: 8,
};

/** Lines of the log that the torture has to cause. */
const EXPECTED_LINES = [
  / of plugin "bad" failed on route "bad-/,
  /^perfmock: error: Plugin "bad" failed in /,
  /^perfmock: (warn|warning): /,
  /^perfmock: info: /,
  /Cannot (read|use|parse) the configuration/i,
];

interface Figures {
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly descriptors: number;
}

/** Figures of the server's thread, in ms. */
interface Thread {
  readonly turns: { readonly p99: number; readonly max: number };
  /** Time for which it has run. */
  readonly ran: number;
  /** Time for which it could have run and had no processor. */
  readonly waited: number;
}

async function answer<T>(
  server: Serving,
  path: string,
  method = "GET",
): Promise<T> {
  const response = await fetch(new URL(path, server.url), { method });
  const text = await response.text();
  ok(response.status < 300, `${path}: ${response.status} ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

/** Ends what goes on, and waits until nothing is in flight. */
async function rest(
  server: Serving,
  upstream: Upstream,
  collectors: Receivers,
): Promise<void> {
  const { sessions } = await answer<{ sessions: { name: string }[] }>(
    server,
    "/_perfmock/sessions",
  );
  for (const { name } of sessions) {
    await fetch(new URL(`/_perfmock/sessions/${name}`, server.url), {
      method: "DELETE",
    }).then((response) => response.body?.cancel());
  }
  await answer(server, "/_perfmock/resource_stress/scenarios", "DELETE");
  let busy = "";
  await until(async () => {
    const { inFlight, routes } = await answer<{
      inFlight: number;
      routes: Record<string, { inFlight: number }>;
    }>(server, "/_perfmock/stats");
    busy = Object.entries(routes).filter(([, route]) => route.inFlight > 0)
      .map(([id, route]) => `${route.inFlight} of ${id}`).join(", ");
    return inFlight === 0 ? true : undefined;
  }).catch((error) => {
    throw new Error(`Exchanges do not end: ${busy}; ${kinds(server.pid)}`, {
      cause: error,
    });
  });
  // Connections that the server keeps open for the next request to them are no leak.
  await upstream.restart();
  await collectors[Symbol.asyncDispose]();
}

async function measure(server: Serving): Promise<Figures> {
  const { bytes } = await answer<{ bytes: number }>(server, "/torture");
  return {
    heapBytes: bytes,
    residentBytes: residentBytes(server.pid),
    descriptors: openDescriptors(server.pid),
  };
}

/** Numbers of descriptors of a process by kind, such as sockets. */
function kinds(pid: number): string {
  const counts = new Map<string, number>();
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    let kind = "gone";
    try {
      kind = Deno.readLinkSync(`/proc/${pid}/fd/${name}`)
        .replace(/:\[?\d.*/, "");
    } catch {
      // It was closed meanwhile.
    }
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return Array.from(counts, ([kind, count]) => `${kind}×${count}`).join(" ");
}

async function lateness(server: Serving): Promise<number> {
  const { routes } = await answer<
    { routes: Record<string, { lateness: { p99: number | null } }> }
  >(server, "/_perfmock/stats");
  return routes.quiet.lateness.p99 ?? 0;
}

/** Runs clients for a time, in s. */
async function run(
  { server, seed, tally, seconds }: {
    readonly server: Serving;
    readonly seed: number;
    readonly tally: Tally;
    readonly seconds: number;
  },
  clients: readonly Client[],
): Promise<void> {
  const torture: { -readonly [K in keyof Torture]: Torture[K] } = {
    url: server.url,
    tally,
    over: false,
  };
  const running = clients.map((client, index) =>
    client(torture, new Chance(seed * 1000 + index))
  );
  try {
    await Promise.race([pause(seconds * 1000), ...running]);
  } finally {
    torture.over = true;
    await Promise.all(running);
  }
}

/** Lines of the log that say that something failed which the torture had no right to break. */
function unexpectedLines(log: string): string[] {
  return log.split("\n").filter((line) =>
    /^perfmock: error: /.test(line) &&
    !EXPECTED_LINES.some((expected) => expected.test(line))
  );
}

async function torture(engine: EngineName): Promise<void> {
  await using upstream = new Upstream();
  const peers = {
    upstream: upstream.port,
    statsd: freePort(),
    otlp: freePort(),
  };
  await using collectors = new Receivers(peers);
  const config = configuration(engine, peers);
  await using folder = await folderWith({
    "bad.js": BAD_PLUGIN,
    "other.js": BAD_PLUGIN,
    "perfmock.json": JSON.stringify(config),
  });
  await Deno.mkdir(`${folder.path}/files`);
  await Deno.writeTextFile(`${folder.path}/files/a.txt`, "a");
  await using server = await serving(
    ["--config", `${folder.path}/perfmock.json`],
    { env: { DENO_V8_FLAGS: "--expose-gc" } },
  );
  const tally = new Tally();
  const common = { server, seed: SEED, tally };
  const clients: Client[] = [
    quiet,
    ...Array<Client>(8).fill(mixed),
    ...Array<Client>(4).fill(slow),
    ...Array<Client>(4).fill(slowReader),
    ...Array<Client>(2).fill(malformed),
    flood(CONNECTIONS + 100),
    reload(config),
    files(server, folder.path, config),
    ...Array<Client>(2).fill(sessions),
    runs,
    receivers(collectors),
  ];

  await run({ ...common, seconds: 2 }, [quiet]);
  const before = { p99: await lateness(server) };
  await run({ ...common, seconds: WARM_UP * SECONDS }, clients);
  await rest(server, upstream, collectors);
  const first = await measure(server);
  const firstKinds = kinds(server.pid);
  await answer(server, "/_perfmock/reset", "POST");
  await run(
    { ...common, seed: SEED + 1, seconds: (1 - WARM_UP) * SECONDS },
    clients,
  );
  const after = { p99: await lateness(server) };
  const { turns, ran, waited } = await answer<Thread>(server, "/torture");
  const { reasons } = await answer<{ reasons: string[] }>(
    server,
    "/_perfmock/health",
  );
  await rest(server, upstream, collectors);
  let last = await measure(server);
  const grown = () =>
    Object.entries(GROWTH).filter(([name, bound]) =>
      last[name as keyof Figures] - first[name as keyof Figures] > bound
    );
  // Time-outs and keep-alive connections take some seconds.
  for (let second = 0; second < 15 && grown().length > 0; second++) {
    await pause(1000);
    last = await measure(server);
  }
  const report = `engine ${engine}, seed ${SEED}, ${tally.total} requests\n` +
    `lateness p99 before ${before.p99} ms, under torture ${after.p99} ms\n` +
    `server's thread ran ${ran} ms, waited for a processor ${waited} ms; ` +
    `its turns: p99 ${turns.p99} ms, longest ${turns.max} ms\n` +
    `first ${JSON.stringify(first)} ${firstKinds}\n` +
    `last ${JSON.stringify(last)} ${kinds(server.pid)}\n` +
    `${tally}\n${
      Object.values(EXCEPTIONS[engine] ?? {}).map((reason) =>
        `exception: ${reason}`
      ).join("\n")
    }`;
  // deno-lint-ignore no-console -- figures of a run that takes minutes
  console.log(report);

  deepEqual(tally.unexpected, []);
  deepEqual(grown(), [], report);
  ok(turns.p99 <= TURN, report);
  if (waited <= STARVED * ran) {
    deepEqual(tally.late, [], report);
    ok(after.p99 <= LATENESS, report);
  }
  deepEqual(
    reasons.filter((reason) => /perfmock itself/.test(reason)),
    [],
    server.err,
  );
  server.signal("SIGTERM");
  const { status, err } = await server.ended;
  equal(status, 0, err);
  deepEqual(unexpectedLines(err), []);
}

for (const engine of ENGINES) {
  Deno.test({
    name:
      `${engine}: ${SECONDS} s of torture end nothing, delay nothing and leave nothing behind`,
    ignore: !required,
    fn: () => torture(engine),
  });
}
