/**
 * Bare Deno.serve that waits on perfmock's clock and does nothing else; the difference from perfmock is the cost of all its other
 * work. The argument is the delay in ms. Server-Timing of each answer contains the time that the server itself measured.
 *
 * @module
 */
import { PreciseClock } from "../../../core/lib/time/mod.ts";
import { serveForOwner } from "./_serve.ts";

if (import.meta.main) {
  const delay = Number(Deno.args[0]);
  await using clock = new PreciseClock();
  await clock.start();
  await serveForOwner(() => {
    const arrival = clock.now();
    return new Promise<Response>((resolve) => {
      clock.at(arrival + delay, () => {
        const total = (clock.now() - arrival).toFixed(3);
        const headers = { "server-timing": `total;dur=${total}` };
        resolve(new Response("ok", { headers }));
      }, undefined);
    });
  });
}
