import { VERSION } from "../../../../core/version.ts";
import { createPerfmock, type PerfmockInput } from "../../../../mod.ts";

/** Starts servers, and ends them with the scope. */
export async function servers(count: number, config: PerfmockInput = {}) {
  const all = await Promise.all(
    Array.from(
      { length: count },
      () => createPerfmock(config, { log: () => {} }),
    ),
  );
  return {
    all,
    names: all.map(({ url }) => url.host),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

/** A target with some failures. */
export const TARGET: PerfmockInput = {
  routes: [{
    path: "/a/:id",
    serviceTime: { uniform: { min: 5, max: 20 } },
    faults: [{ share: 0.1, status: 503 }],
  }],
};

/** A worker that answers as the test says; by default its share has ended when it is first asked for. */
export function fakeWorker(
  answers: Partial<Record<string, (request: Request) => Response>> = {},
) {
  const calls: string[] = [];
  const id = crypto.randomUUID();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const path = new URL(request.url).pathname.replace("/_perfmock/", "");
      const key = `${request.method} ${path}`;
      calls.push(key);
      await request.text();
      const own = answers[key];
      if (own !== undefined) return own(request);
      switch (key) {
        case "GET health":
          return Response.json({ version: VERSION });
        case "GET load_engine/clock":
          return Response.json({
            now: performance.timeOrigin + performance.now() + 3_600_000,
            server: id,
          });
        case "POST load_engine/runs":
          return Response.json({ id: "r" }, { status: 201 });
        default:
          return Response.json({});
      }
    },
  );
  return {
    calls,
    name: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Traffic of one and a half seconds. */
export const BROWSE = {
  executor: "arrival-rate",
  rate: "60/s",
  duration: "1500ms",
  requests: [{ path: "/a/{{number}}" }],
};
