import { deepEqual, equal, ok } from "node:assert/strict";
import {
  UNMATCHED_BYTES,
  UnmatchedRequests,
} from "../../../core/observe/unmatched.ts";

Deno.test("UnmatchedRequests counts requests by method and path, without origin and query, until a reset", () => {
  const requests = new UnmatchedRequests();
  requests.add("GET", "http://localhost:1/a?n=1");
  requests.add("GET", "http://localhost:2/a?n=2");
  requests.add("POST", "/a");
  requests.add("GET", "/b");
  const list = requests.list();
  deepEqual(list, [
    { method: "GET", path: "/a", count: 2 },
    { method: "POST", path: "/a", count: 1 },
    { method: "GET", path: "/b", count: 1 },
  ]);
  requests.add("GET", "/b");
  equal(list[2].count, 1, "the list is a copy");
  equal(requests.list()[2].count, 2);
  requests.reset();
  deepEqual([requests.list(), requests.bytes], [[], 0]);
});

Deno.test("UnmatchedRequests lists the first 20 requests that differ, with texts of bounded length", () => {
  const requests = new UnmatchedRequests();
  for (let n = 0; n < 40; n++) {
    requests.add("M".repeat(100), `/${n}/${"x".repeat(70_000)}`);
  }
  const list = requests.list();
  deepEqual(
    list.map(({ path }) => path.split("/")[1]),
    Array.from({ length: 20 }, (_, n) => `${n}`),
  );
  ok(
    list.every(({ method, path }) =>
      method === `${"M".repeat(31)}…` && path.length === 1024
    ),
  );
  ok(requests.bytes <= UNMATCHED_BYTES);
  ok(requests.bytes > UNMATCHED_BYTES / 2);
});
