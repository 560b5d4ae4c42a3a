/**
 * Time from the start of a process to its first answer.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { exportRows } from "./exports.ts";
import { LeanClient, prepareRequest } from "./lean_client.ts";
import { type Server, startPerfmock, startScript } from "./servers.ts";
import { installPackage } from "./start_npm.ts";
import { quantiles } from "./statistics.ts";

/** Starts one process after the other, alternating between the servers. */
export const start: Benchmark = {
  name: "start",
  measures:
    "Milliseconds from the start of the process to the first byte of its first answer, with warm caches, and of the import of each export; and the number of modules",
  async run(context) {
    const bare: number[] = [];
    const ours: number[] = [];
    await using installed = await installPackage(context.children);
    const ways = Object.entries(installed.ways)
      .map(([what, start]) => ({ what, start, times: [] as number[] }));
    for (let round = -1; round < (context.quick ? 2 : 15); round++) {
      const first = await firstAnswer(
        startScript(context.children, "bare_text"),
      );
      const second = await firstAnswer(startOurs(context));
      const others: number[] = [];
      for (const { start } of ways) others.push(await firstAnswer(start()));
      if (round < 0) continue; // fills the caches
      bare.push(first);
      ours.push(second);
      for (const [i, { times }] of ways.entries()) times.push(others[i]);
    }
    return [
      toRow(
        "bare Deno.serve",
        bare,
        await countModules("servers/bare_text.ts"),
      ),
      {
        ...toRow("perfmock", ours, await countModules("../../mod.ts")),
        targets: [{ column: "median ms", atMost: 400 }],
      },
      ...ways.map(({ what, times }) => toRow(what, times)),
      ...await exportRows(context.quick),
    ];
  },
};

function startOurs({ children }: Context): Promise<Server> {
  const config = { routes: [{ path: "/ok", response: { text: "ok" } }] };
  return startPerfmock(children, { config, interval: 1 });
}

async function firstAnswer(starting: Promise<Server>): Promise<number> {
  const { url, child } = await starting;
  try {
    const { hostname, port } = new URL(url);
    using client = new LeanClient({ hostname, port: Number(port) });
    const request = prepareRequest("GET", new URL(`${url}/ok`));
    const { firstByteAt, status } = await client.exchange(request);
    if (status !== 200) throw new Error(`The first answer was ${status}`);
    return firstByteAt - child.startedAt;
  } finally {
    await child.stop();
    await closed(url);
  }
}

/** Waits until nothing listens any more: a server behind another process ends a moment after it. */
async function closed(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  for (;;) {
    try {
      (await Deno.connect({ hostname, port: Number(port) })).close();
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Returns the number of modules in a script's import graph, including the script and dynamic imports. */
async function countModules(script: string): Promise<number> {
  const file = new URL(script, import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", file],
    stderr: "null",
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout)).modules.length;
}

function toRow(
  what: string,
  times: readonly number[],
  modules = Number.NaN,
): Row {
  const [min, median, max] = quantiles(times, [0, 0.5, 1]);
  return {
    what,
    values: {
      "starts": times.length,
      "min ms": min,
      "median ms": median,
      "max ms": max,
      modules,
    },
  };
}
