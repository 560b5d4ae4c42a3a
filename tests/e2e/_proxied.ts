/** A server that proxies to a backend. */
import { createPerfmock } from "../../mod.ts";

/** A backend, and a perfmock in front of it. */
export async function proxied(
  backend: (request: Request) => Response | Promise<Response>,
  route: Record<string, unknown> = {},
  timeout = "10s",
) {
  const upstream = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      onError: () => new Response(null, { status: 500 }),
    },
    backend,
  );
  const url = `http://127.0.0.1:${upstream.addr.port}`;
  const server = await createPerfmock({
    routes: [{
      id: "p",
      method: "*",
      path: "/*",
      response: { proxy: { url, timeout }, headers: { "X-Own": "mine" } },
      ...route,
    }],
  });
  return {
    server,
    url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await upstream.shutdown();
    },
  };
}
