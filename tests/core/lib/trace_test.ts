import { equal, match, notEqual, ok } from "node:assert/strict";
import { TraceIds, traceparent } from "../../../core/lib/trace.ts";

Deno.test("TraceIds generates different traceparents of W3C Trace Context that share the server's half", () => {
  const traces = new TraceIds();
  const seen = new Set<string>();
  // More ids than one block of random bytes is enough for.
  for (let i = 0; i < 1500; i++) seen.add(traceparent(traces.next()));
  equal(seen.size, 1500);
  const prefixes = new Set<string>();
  for (const id of seen) {
    match(id, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    prefixes.add(id.slice(3, 19));
    ok(id.slice(19, 35) === id.slice(36, 52), "an exchange is one span");
  }
  equal(prefixes.size, 1);
});

Deno.test("TraceIds of two servers differ", () => {
  notEqual(
    new TraceIds().next().slice(0, 16),
    new TraceIds().next().slice(0, 16),
  );
});
