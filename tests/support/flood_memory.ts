/**
 * Sends requests with long, distinct texts in every place to a server on a socket, and prints the size of its heap before and
 * after, in bytes. Needs --expose-gc.
 */
import { Socket } from "node:net";
import { createPerfmock } from "../../core/app.ts";

const collect = (globalThis as unknown as { gc(): void }).gc;

async function heapUsed(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Number of requests, in turn to all routes. */
const REQUESTS = 6000;

await using server = await createPerfmock({
  overrides: { delay: true, profile: true, fault: true },
  plugins: {
    limiter: {
      client: "header:x-id",
      pools: {
        key: {
          concurrency: 10,
          rateLimit: { rate: 1, burst: 1, per: "header:x-id" },
        },
        all: { concurrency: 10, rateLimit: { rate: 1, burst: 1, per: "pool" } },
      },
    },
  },
  routes: [
    { path: "/key/:n", limiter: "key", response: { text: "ok" } },
    { path: "/all/:n", limiter: "all", response: { text: "ok" } },
    {
      path: "/first/:n",
      response: { text: "ok" },
      faults: [{ first: 1, per: "header:x-id", status: 503 }],
    },
    {
      path: "/drawn/:n",
      serviceTime: { exponential: { mean: "1us" } },
      sampling: { key: "header:x-id" },
      response: { text: "ok" },
    },
  ],
}, { log: () => {} });

function request(n: number): string {
  const path = ["key", "all", "first", "drawn", "none"][n % 5];
  // An identity of 40 characters is remembered as it is, but must not keep its head in memory.
  const id = `${n}`.padStart(n % 4 === 0 ? 40 : 30_000, "i");
  const override = `delay=0ms,${"o".repeat(n % 3 === 0 ? 15_000 : 900)}${n}`;
  return `GET /${path}/${n}${
    "p".repeat(n % 4 === 0 ? 12_000 : 900)
  } HTTP/1.1\r\n` +
    `Host: a\r\nX-Id: ${id}\r\nPerfmock-Override: ${override}\r\n` +
    `\r\n`;
}

const { port, hostname } = server.url;
const socket = new Socket();
await new Promise<void>((resolve) =>
  socket.connect(Number(port), hostname, resolve)
);
let answered = 0;
let more: () => void = () => {};
socket.on("data", (bytes: Uint8Array) => {
  answered +=
    new TextDecoder("latin1").decode(bytes).split("HTTP/1.1 ").length -
    1;
  more();
});

async function flood(from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    socket.write(request(n));
    while (answered <= n) {
      await new Promise<void>((resolve) => more = resolve);
    }
  }
}

await flood(0, 50);
const before = await heapUsed();
await flood(50, REQUESTS);
const after = await heapUsed();
socket.destroy();
// deno-lint-ignore no-console -- the result is read from standard output
console.log(JSON.stringify({ before, after }));
