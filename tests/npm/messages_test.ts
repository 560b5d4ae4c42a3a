// Runs without the profiler: starts processes.
import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { startPerfmock } from "../../npm/index.ts";

/** Lists within lists. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

/** Values that JSON holds, and that some readers of JSON refuse, by name. */
const VALUES: Readonly<Record<string, unknown>> = {
  "half of a surrogate pair": "\ud800",
  "other half of a surrogate pair": "a\udfffb",
  "a key with half of a surrogate pair": { "\udc00": 1 },
  "180 levels": nested(180),
  "100,000 characters": "ü😀".repeat(33_333),
  "separators and NUL": "\0\n\r\u2028",
};

Deno.test("Each value of JSON reaches the server and comes back, and one that is refused leaves the server in order", async () => {
  await using server = await startPerfmock({
    routes: [{ id: "a", path: "/a", response: { json: nested(300) } }],
  });
  for (const [name, json] of Object.entries(VALUES)) {
    await server.call("PATCH", "/routes/a", { response: { json } });
    const response = await fetch(new URL("/a", server.url));
    equal(response.status, 200, name);
    const { routes } = await server.call("GET", "/config") as {
      readonly routes: readonly { readonly response: { json: unknown } }[];
    };
    deepEqual(routes[0].response.json, json, name);
    await response.body?.cancel();
    await rejects(server.simulate({ nothing: json }), name);
  }
  await rejects(
    server.call("PATCH", "/routes/a", { response: { json: nested(300) } }),
    { code: "ARGUMENT_INVALID" },
  );
  ok("a" in (await server.stats()).routes);
});
