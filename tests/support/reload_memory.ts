/** Changes the configuration of a server 1000 times and prints the size of the heap before and after, in bytes. Needs --expose-gc. */
import { createPerfmock } from "../../core/app.ts";

const collect = (globalThis as unknown as { gc(): void }).gc;

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return Deno.memoryUsage().heapUsed;
}

await using server = await createPerfmock({
  plugins: { limiter: { pools: { db: { concurrency: 2, queue: 5 } } } },
  routes: Array.from({ length: 10 }, (_, index) => ({
    id: `r${index}`,
    path: `/r/${index}`,
    serviceTime: "exponential(mean=1ms)",
    limiter: "db",
  })),
}, { listen: false, log: () => {} });

async function reload(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await server.update({
      seed: i,
      plugins: { limiter: { pools: { db: { concurrency: 1 + i % 3 } } } },
    });
    await server.fetch(new Request(`http://localhost/r/${i % 10}`));
  }
}

// Code is compiled, and caches fill, during the first changes.
await reload(500);
const before = await heapUsed();
await reload(1000);
const after = await heapUsed();
// deno-lint-ignore no-console -- the result is read from standard output
console.log(JSON.stringify({ before, after, revision: server.revision }));
