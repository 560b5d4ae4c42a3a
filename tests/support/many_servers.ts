/**
 * Creates and disposes servers of all engines, 50 at a time, and prints their remains: descriptors, objects and heap, in bytes, after the
 * first rounds and after the last. Needs --expose-gc.
 */
import { createPerfmock } from "../../core/app.ts";
import { ENGINES } from "./each_engine.ts";

const collect = (globalThis as unknown as { gc(): void }).gc;

/** Number of servers at the same time. */
const SERVERS = 50;

const created: WeakRef<object>[] = [];

async function round(seed: number): Promise<void> {
  const servers = await Promise.all(
    Array.from({ length: SERVERS }, (_, index) =>
      createPerfmock({
        seed: seed + index,
        server: { engine: ENGINES[index % ENGINES.length] },
        plugins: { limiter: { pools: { db: { concurrency: 2, queue: 5 } } } },
        routes: [
          { id: "limited", path: "/", limiter: "db", serviceTime: "1ms" },
          { path: "/number", response: { json: { server: index } } },
        ],
      }, { log: () => {} })),
  );
  await Promise.all(servers.map(async (server, index) => {
    created.push(new WeakRef(server));
    const limited = await fetch(server.url);
    await limited.body?.cancel();
    const response = await fetch(new URL("/number", server.url));
    const { server: number } = await response.json();
    if (number !== index) throw new Error(`${number} answered for ${index}`);
  }));
  await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
}

/** Number of open descriptors of this process; 0 where the system does not tell. */
function descriptors(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return 0;
  }
}

async function rest() {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
  }
  return {
    descriptors: descriptors(),
    heap: Deno.memoryUsage().heapUsed,
    alive: created.filter((server) => server.deref() !== undefined).length,
  };
}

await round(1);
await round(2);
const before = await rest();
await round(3);
await round(4);
const after = await rest();
// deno-lint-ignore no-console -- the result is read from standard output
console.log(JSON.stringify({ before, after, servers: created.length }));
// A leak would keep the process from ending, too: there is no Deno.exit() here.
