/**
 * A dev server in front of perfmock: it serves the page itself, and passes `/api` on.
 *
 *     deno run -A examples/dev_server/main.ts
 *
 * @module
 */
import { createPerfmock, type Perfmock } from "@perfmock/perfmock";

/** A dev server, and perfmock behind it. */
export interface DevServer extends AsyncDisposable {
  /** Address of the dev server. */
  readonly url: string;
  /** perfmock behind it. */
  readonly backend: Perfmock;
}

/** Starts both, on free ports. */
export async function start(): Promise<DevServer> {
  const backend = await createPerfmock({
    seed: 5,
    routes: [{
      path: "/api/orders",
      serviceTime: { lognormal: { median: "80ms", p99: "400ms" } },
      response: { json: [{ id: 1 }, { id: 2 }] },
    }],
  });
  const page = new URL("index.html", import.meta.url);
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      if (pathname.startsWith("/api/")) {
        // Method, headers and body as they are, the header of a session included.
        return await fetch(
          new Request(new URL(pathname + search, backend.url), request),
        );
      }
      return new Response(await Deno.readTextFile(page), {
        headers: { "content-type": "text/html" },
      });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    backend,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await backend[Symbol.asyncDispose]();
    },
  };
}

if (import.meta.main) {
  await using site = await start();
  const print = (line: string) => {
    // deno-lint-ignore no-console -- this is the output
    console.log(line);
  };
  print(
    `GET ${site.url}: ${
      (await (await fetch(site.url)).text()).split("\n", 2)[1]
    }`,
  );
  for (let i = 0; i < 5; i++) {
    const response = await fetch(new URL("/api/orders", site.url));
    const timing = response.headers.get("server-timing") ?? "";
    print(
      `GET /api/orders: ${(await response.json()).length} orders, ${
        /service;dur=[\d.]+/.exec(timing)?.[0]
      }`,
    );
  }
}
