import { equal, rejects } from "node:assert/strict";
import { post } from "../../../../plugins/exporters/otlp/post.ts";
import { DeliveryError } from "../../../../plugins/exporters/push/mod.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");

/** What a receiver that answers so is left alone for, in milliseconds. */
async function retryAfter(
  status: number,
  header: string | undefined,
): Promise<number> {
  const headers = new Headers(
    header === undefined ? {} : { "Retry-After": header },
  );
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response(null, { status, headers }),
  );
  let asked = NaN;
  await rejects(
    post({
      endpoint: `http://127.0.0.1:${server.addr.port}/`,
      headers: {},
      body: "{}",
      signal: new AbortController().signal,
    }, () => NOW),
    (error: unknown) => {
      asked = error instanceof DeliveryError ? error.retryAfter : NaN;
      return true;
    },
  );
  return asked;
}

Deno.test("post() passes a Retry-After on, in seconds or as a date", async () => {
  for (const status of [429, 502, 503, 504]) {
    equal(await retryAfter(status, "7"), 7000);
  }
  equal(await retryAfter(503, "Thu, 01 Jan 2026 00:00:30 GMT"), 30_000);
  equal(await retryAfter(503, "Wed, 31 Dec 2025 00:00:00 GMT"), 0);
  equal(await retryAfter(503, "soon"), 0);
  equal(await retryAfter(503, undefined), 0);
});

Deno.test("post() takes no Retry-After from a refusal: another request may be welcome", async () => {
  equal(await retryAfter(400, "7"), 0);
});
