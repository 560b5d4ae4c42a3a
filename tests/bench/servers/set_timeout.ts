/**
 * Bare Deno.serve that waits with setTimeout, as other mock servers do. The argument is the delay of each path in ms, as JSON:
 * `{"wait":20}`. Server-Timing of each answer contains the time that the server itself measured.
 *
 * @module
 */
import { serveForOwner } from "./_serve.ts";

if (import.meta.main) {
  const delays: Record<string, number> = JSON.parse(Deno.args[0]);
  await serveForOwner(async ({ url }) => {
    const arrival = performance.now();
    const delay = delays[url.slice(url.lastIndexOf("/") + 1)] ?? 0;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    const total = (performance.now() - arrival).toFixed(3);
    return new Response("ok", {
      headers: { "server-timing": `total;dur=${total}` },
    });
  });
}
