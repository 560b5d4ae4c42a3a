import { equal } from "node:assert/strict";
import { Children } from "./processes.ts";
import { typicalAnswer } from "./raw_answer.ts";
import { nativeLateness, startNative } from "./servers.ts";

Deno.test("startNative() gives every request the answer that it was told, and counts its lateness", async () => {
  await using children = new Children();
  const answer =
    "HTTP/1.1 200 OK\r\nx-server: a b\r\ncontent-length: 2\r\n\r\nok";
  const server = await startNative(children, 1, answer);
  if (typeof server === "string") return; // no compiler here
  equal(await typicalAnswer(`${server.url}/`), answer);
  equal(await typicalAnswer(`${server.url}/other`), answer);
  const { count, p50, p99, p999, max } = await nativeLateness(server);
  equal(count, 2);
  equal(p50 >= 0 && p50 <= p99 && p99 <= p999, true);
  equal(p999 <= max + 0.001, true);
  equal((await nativeLateness(server)).count, 0);
});
