/**
 * perfmock with a measurement of what else runs on its event loop. The first argument is the configuration in JSON. Each line on
 * standard input is an order `{"duration":MS}`: for that time the process fetches from a second server of its own, reads a file and
 * waits on a timer, one after the other, and then writes the p50 and p99 of each as a line of JSON, in ms.
 *
 * @module
 */
import { createPerfmock } from "../../../mod.ts";
import { serveOrders } from "../processes.ts";
import { quantiles } from "../statistics.ts";
import { announce } from "./_serve.ts";

/** Things that are measured within the process. */
export const PROBES = [
  "loopback fetch",
  "Deno.readFile",
  "setTimeout(1) lateness",
] as const;

/** Figures of each probe, in ms. */
export type Probed = Readonly<
  Record<
    typeof PROBES[number],
    { readonly p50: number; readonly p99: number }
  >
>;

/** Delay of the timer, in ms. */
const TIMER = 1;

async function probe(inner: string, duration: number): Promise<Probed> {
  const file = new URL(import.meta.url);
  const times: readonly number[][] = PROBES.map(() => []);
  const actions: readonly (() => Promise<unknown>)[] = [
    () => fetch(inner).then((response) => response.text()),
    () => Deno.readFile(file),
    () => new Promise((resolve) => setTimeout(resolve, TIMER)),
  ];
  for (const end = performance.now() + duration; performance.now() < end;) {
    for (const [i, action] of actions.entries()) {
      const start = performance.now();
      await action();
      times[i].push(performance.now() - start);
    }
  }
  const figures = ([fetched, read, waited]: readonly number[][]) =>
    [fetched, read, waited.map((ms) => ms - TIMER)].map((list) => {
      const [p50, p99] = quantiles(list, [0.5, 0.99]);
      return { p50, p99 };
    });
  const [fetched, read, waited] = figures(times);
  return {
    "loopback fetch": fetched,
    "Deno.readFile": read,
    "setTimeout(1) lateness": waited,
  };
}

if (import.meta.main) {
  await using server = await createPerfmock(JSON.parse(Deno.args[0]));
  await using inner = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("ok"),
  );
  announce(Number(server.url.port));
  await serveOrders(({ duration }: { readonly duration: number }) =>
    probe(`http://127.0.0.1:${inner.addr.port}/`, duration)
  );
}
