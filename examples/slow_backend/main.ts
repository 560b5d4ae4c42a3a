/**
 * A real backend, slowed down: perfmock stands in front of it as a proxy, and adds the times and failures of production.
 *
 *     deno run -A examples/slow_backend/main.ts
 *
 * @module
 */
import { createPerfmock, type PerfmockInput } from "@perfmock/perfmock";
import { parse } from "yaml";

/** Number of requests to each. */
const REQUESTS = 200;

/** Figures of one series of requests. */
export interface Series {
  /** Address that was asked. */
  readonly of: "backend" | "perfmock";
  /** Median response time, in ms. */
  readonly median: number;
  /** 95th percentile, in ms. */
  readonly p95: number;
  /** Number of answers with a status of at least 500. */
  readonly failed: number;
  /** Texts of the successful answers, without repetitions. */
  readonly answers: readonly string[];
}

/** Runs both series. */
export async function run(): Promise<Series[]> {
  await using backend = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    (request) => Response.json({ path: new URL(request.url).pathname }),
  );
  const config: PerfmockInput = parse(
    await Deno.readTextFile(new URL("perfmock.yaml", import.meta.url)),
  );
  const address = `http://127.0.0.1:${backend.addr.port}`;
  await using server = await createPerfmock({
    ...config,
    routes: config.routes?.map((route) => ({
      ...route,
      response: { proxy: address },
    })),
  });
  return [
    await measure("backend", address),
    await measure("perfmock", server.url.origin),
  ];
}

/** Sends the requests, ten at a time. */
async function measure(of: Series["of"], origin: string): Promise<Series> {
  const times: number[] = [];
  const answers = new Set<string>();
  let failed = 0;
  let left = REQUESTS;
  const user = async () => {
    while (left-- > 0) {
      const start = performance.now();
      const response = await fetch(`${origin}/api/orders`);
      const text = await response.text();
      times.push(performance.now() - start);
      if (response.ok) answers.add(text);
      else failed++;
    }
  };
  await Promise.all(Array.from({ length: 10 }, user));
  times.sort((a, b) => a - b);
  const at = (p: number) => times[Math.ceil(p * times.length) - 1];
  return { of, median: at(0.5), p95: at(0.95), failed, answers: [...answers] };
}

if (import.meta.main) {
  for (const { of, median, p95, failed, answers } of await run()) {
    // deno-lint-ignore no-console -- this is the output
    console.log(
      `${of.padEnd(8)}  median ${median.toFixed(1).padStart(6)} ms  p95 ${
        p95.toFixed(1).padStart(6)
      } ms  ${failed} failed  ${answers.join(" ")}`,
    );
  }
}
