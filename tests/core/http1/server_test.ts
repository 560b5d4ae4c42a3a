import { deepEqual, equal } from "node:assert/strict";
import { echoPath, serve } from "./_http_server.ts";
import { RawClient, request } from "./_raw_client.ts";

Deno.test("HttpServer closes an idle connection after idleTimeout", async () => {
  await using serving = await serve(echoPath, { idleTimeout: 50 });
  using client = await RawClient.connect(serving.port);
  await client.send(request("/a"));
  equal((await client.response()).body, "/a");
  deepEqual(await client.end(), { text: "", reset: false });
  equal(serving.server.size, 0);
});
