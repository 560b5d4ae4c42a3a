/**
 * Time from the start of a process to its first answer.
 *
 * @module
 */
import type { Benchmark, Context, Row } from "./benchmark.ts";
import { exportRows, staticModules } from "./exports.ts";
import { LeanClient, prepareRequest } from "./lean_client.ts";
import { type Server, startPerfmock, startScript } from "./servers.ts";
import { installPackage } from "./start_npm.ts";
import { quantiles } from "./statistics.ts";

/** Modules that the command `serve` loads, one after another, with a configuration in JSON. */
const SERVES = ["mod.ts", "core/cli/mod.ts", "core/cli/serve.ts"];

/** Starts one process after the other, alternating between the servers. */
export const start: Benchmark = {
  name: "start",
  measures:
    "Milliseconds from the start of the process to the first byte of its first answer, with warm caches, and of the import of each export; and the number of modules, those of a package as one",
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
        await staticModules("tests/bench/servers/bare_text.ts"),
      ),
      {
        ...toRow("perfmock", ours, await staticModules(...SERVES)),
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
