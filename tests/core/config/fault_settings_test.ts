import { deepEqual, equal, ok } from "node:assert/strict";
import { createKit } from "../../../core/config/kit.ts";
import {
  createConfigSchemas,
  validateConfig,
} from "../../../core/config/mod.ts";

const kit = createKit({
  folder: "/",
  distribution: () => ({ issues: [] }),
});

function read(faults: unknown) {
  return validateConfig({ routes: [{ path: "/", faults }] }, {
    kit,
    ...createConfigSchemas({ kit, routeKeys: new Map() }),
  });
}

function messages(faults: unknown): string[][] {
  return (read(faults).issues ?? []).map(({ path, message }) => [
    path.replace("/routes/0/faults", ""),
    message,
  ]);
}

Deno.test("faultsType() parses durations to milliseconds", () => {
  const result = read([
    { share: 0.01, status: 500 },
    { share: 0.002, action: "hang" },
    {
      first: 2,
      per: "header:Idempotency-Key",
      status: 503,
      retryAfter: "2s",
      text: "",
    },
  ]);
  ok(result.issues === undefined, JSON.stringify(result.issues));
  deepEqual(result.value.routes[0].faults, [
    { share: 0.01, status: 500 },
    { share: 0.002, action: "hang" },
    {
      first: 2,
      per: "header:Idempotency-Key",
      status: 503,
      retryAfter: 2000,
      text: "",
    },
  ]);
});

Deno.test("faultsType() requires one of share and first, and one of status and action", () => {
  const meets = "A fault applies to a share of requests or to the first ones";
  const does = "A fault answers with a status or acts on the connection";
  deepEqual(
    messages([
      { status: 500 },
      { share: 0.1, first: 1, status: 500 },
      { share: 0.1 },
      { share: 0.1, status: 500, action: "hang" },
      { share: 0.1, per: "header:X", status: 500 },
      { share: 0.1, status: 500, json: 1, text: "1" },
      { share: 0.1, action: "hang", retryAfter: "1s", text: "" },
      { share: 0.1, status: 204, json: null },
    ]),
    [
      ["/0", meets],
      ["/1", meets],
      ["/2", does],
      ["/3", does],
      ["/4/per", "Only first requests are counted per header"],
      ["/5", "A fault has one body only"],
      ["/6/retryAfter", 'A fault with "action" has no "retryAfter"'],
      ["/6/text", 'A fault with "action" has no "text"'],
      ["/7/json", "A response with status 204 has no body"],
    ],
  );
});

Deno.test("faultsType() reports invalid settings with their paths", () => {
  deepEqual(
    messages([
      { share: 1.5, status: 500 },
      { first: 0, status: 500 },
      { first: 1, per: "cookie:x", status: 500 },
      { share: 0.1, status: 199 },
      { share: 0.1, action: "explode" },
      { share: 0.1, status: 500, retryAfter: -1 },
    ]).map(([path]) => path),
    [
      "/0/share",
      "/1/first",
      "/2/per",
      "/3/status",
      "/4/action",
      "/5/retryAfter",
    ],
  );
});

Deno.test("faultsType() refuses shares that add up to more than 1, but accepts ten times 0.1", () => {
  const of = (shares: readonly number[]) =>
    shares.map((share) => ({ share, status: 500 }));
  deepEqual(messages(of(Array(10).fill(0.1))), []);
  deepEqual(messages(of([0.7, 0.2, 0.2])), [[
    "",
    "The shares of faults exclude each other, but add up to 1.1",
  ]]);
  const [issue] = read(of([1, 1])).issues ?? [];
  equal(issue.allowed, "shares that add up to 1 at most");
});

Deno.test("validateConfig() refuses cut-body on a route whose response has no body", () => {
  deepEqual(
    messages([{ share: 0.1, status: 500 }, {
      share: 0.1,
      action: "cut-body",
    }]),
    [["/1/action", "Cannot cut the body of a response that has none"]],
  );
});
