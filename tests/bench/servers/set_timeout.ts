/**
 * Bare Deno.serve that waits with setTimeout: how every other mock server delays. Its argument says in JSON how many
 * milliseconds each path takes, `{"wait":20}`; each answer says in Server-Timing what the server itself measured.
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
