import { deepEqual, equal } from "node:assert/strict";
import type { EngineName, Perfmock } from "../../mod.ts";
import { until } from "../support/wait.ts";
import { clientFile, EXPECTED, resultsIn, startServer } from "./_clients.ts";
import { npmInstall, temporaryFolder } from "./_packages.ts";
import { required, run } from "./_software.ts";

/** The results of {@linkcode EXPECTED} without some, for clients that cannot do it, and with others. */
function expected(
  without: readonly string[],
  more: Readonly<Record<string, string>> = {},
  prefix = "",
): Record<string, string> {
  const entries = Object.entries({ ...EXPECTED, ...more });
  return Object.fromEntries(
    entries.filter(([name]) => !without.includes(name))
      .map(([name, result]) => [prefix + name, result]),
  );
}

/** Registers a test for each of some engines. */
function onEach(
  engines: readonly EngineName[],
  name: string,
  test: (server: Perfmock, folder: string) => Promise<void>,
): void {
  for (const engine of engines) {
    Deno.test({
      name: `${engine}: ${name}`,
      ignore: !required,
      fn: async () => {
        await using folder = await temporaryFolder();
        await using server = await startServer(engine, folder.path);
        await test(server, folder.path);
      },
    });
  }
}

/** Runs a client's program; all its aborted requests must be counted as left by their clients. */
async function check(
  server: Perfmock,
  [program, ...args]: readonly [string, ...string[]],
  wanted: Readonly<Record<string, string>>,
): Promise<void> {
  const { code, output } = await run(program, args, "");
  deepEqual(resultsIn(output), wanted, output);
  equal(code, 0, output);
  const left = Object.keys(wanted).filter((name) =>
    name.includes("abort_wait")
  );
  await until(() => server.inFlight === 0);
  const { slow, drip } = server.stats().routes;
  deepEqual([slow.gone, drip.gone], [left.length, left.length]);
}

/** The first Python that has the package requests: Debian's own may be another than the one that is found first. */
async function python(): Promise<string> {
  for (const program of ["python3", "/usr/bin/python3"]) {
    const { code } = await run(program, ["-c", "import requests"], "");
    if (code === 0) return program;
  }
  throw new Error("Cannot find Python with the package requests");
}

// Of the other engines, those are listed that a client cannot tell from native. Node's reads no body that nothing asks for, Deno's
// closes the connection after one, and refuses upgrades of requests with a body.

onEach(
  ["native"],
  "Python's http.client sees nothing unusual",
  (server) =>
    check(
      server,
      ["python3", clientFile("python_http_client.py"), server.url.href],
      expected([]),
    ),
);

onEach(
  ["native", "deno"],
  "Python's requests sees nothing unusual",
  async (server) =>
    await check(
      server,
      [await python(), clientFile("python_requests.py"), server.url.href],
      expected(["early"]),
    ),
);

onEach(
  ["native", "deno", "node"],
  "Go's net/http sees nothing unusual",
  (server) =>
    check(
      server,
      ["go", "run", clientFile("go_net_http.go"), server.url.href],
      expected([]),
    ),
);

onEach(
  ["native"],
  "Java's HttpClient, which asks for HTTP/2 each time, sees nothing unusual",
  (server) =>
    check(
      server,
      ["java", clientFile("JavaHttpClient.java"), server.url.href],
      // It shows no answer before it has sent the whole body.
      expected(["early"]),
    ),
);

onEach(
  ["native", "deno"],
  "Node's fetch, http.request and undici with pipelining see nothing unusual",
  async (server, folder) => {
    await npmInstall(folder, "undici@7.30.2");
    await check(
      server,
      ["node", clientFile("node_clients.mjs"), server.url.href, folder],
      {
        ...expected(["kept", "early"], {}, "fetch_"),
        ...expected([], {}, "http_"),
        ...expected(
          ["early"],
          { pipelined: '{"a":1} 5 hello hello hello' },
          "undici_",
        ),
      },
    );
  },
);
