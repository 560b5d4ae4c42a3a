/**
 * Bare Deno.serve that waits with setTimeout: how every other mock server delays. Its argument is the delay in milliseconds;
 * each answer says in Server-Timing what the server itself measured.
 *
 * @module
 */
import { serveForOwner } from "./_serve.ts";

if (import.meta.main) {
  const delay = Number(Deno.args[0]);
  await serveForOwner(async () => {
    const arrival = performance.now();
    await new Promise((resolve) => setTimeout(resolve, delay));
    const total = (performance.now() - arrival).toFixed(3);
    return new Response("ok", {
      headers: { "server-timing": `total;dur=${total}` },
    });
  });
}
