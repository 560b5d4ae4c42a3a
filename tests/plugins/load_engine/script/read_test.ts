import { deepEqual, equal, match, rejects } from "node:assert/strict";
import {
  readScript,
  SCRIPT_LIMIT,
  scriptIn,
  TextReader,
} from "../../../../core/load.ts";
import type { PerfmockError } from "../../../../core/plugin.ts";
import type { Traffic } from "../../../../plugins/load_engine/script/script.ts";
import { parse } from "../_scripts.ts";

Deno.test("readScript() reads JSON and YAML alike", async () => {
  await using texts = new TextReader();
  const value = {
    name: "x",
    scenarios: { a: { rate: "1/s", weights: [1, 2] } },
  };
  deepEqual(await readScript(JSON.stringify(value), texts), value);
  deepEqual(
    await readScript(
      "name: x\nscenarios: { a: { rate: 1/s, weights: [1, 2] } }\n",
      texts,
    ),
    value,
  );
});

Deno.test("readScript() reports syntax errors with line and column", async () => {
  await using texts = new TextReader();
  for (
    const [text, message] of [
      ["a: 1\na: 2\n", /^Line 2, column 1: the key is written twice$/],
      ["a: [1, 2\n", /^Line \d, column \d: /],
      ["a: *b\n", /^Line 1, column 4: no anchor of this name/],
      ["- ".repeat(201), /nested more than 200 deep$/],
    ] as const
  ) {
    await rejects(readScript(text, texts), (error) => {
      const { code, issues } = error as PerfmockError;
      equal(code, "SCRIPT_INVALID");
      match(issues[0].message, message);
      return true;
    });
  }
});

Deno.test("A script over the size limit is rejected, as a text and as a request's body", async () => {
  const large = `a: ${"x".repeat(SCRIPT_LIMIT)}`;
  const wanted = {
    code: "SCRIPT_INVALID",
    issues: [{
      path: "",
      message: `The script has ${SCRIPT_LIMIT + 3} bytes`,
      allowed: `at most ${SCRIPT_LIMIT} bytes`,
      suggestion: "Keep traces and values in files of their own",
    }],
  };
  await using texts = new TextReader();
  await rejects(readScript(large, texts), wanted);
  await rejects(
    scriptIn(new Request("http://x", { method: "POST", body: large }), texts),
    { code: "SCRIPT_INVALID", status: 413 },
  );
});

Deno.test("scriptIn() reads a request's body, an empty one included", async () => {
  await using texts = new TextReader();
  const body = "a: é";
  deepEqual(
    await scriptIn(new Request("http://x", { method: "POST", body }), texts),
    { a: "é" },
  );
  equal(
    await scriptIn(new Request("http://x", { method: "POST" }), texts),
    null,
  );
});

const REPLAY = { executor: "replay", requests: [{ path: "/" }] };

Deno.test("Scenarios keep their order", async () => {
  const { scenarios } = await parse({
    scenarios: {
      a: { ...REPLAY, trace: { times: [0] } },
      b: { ...REPLAY, trace: { times: [0] } },
    },
  });
  deepEqual(
    (scenarios as readonly Traffic[]).map(({ name, index, requests }) => [
      name,
      index,
      requests[0].scenario,
    ]),
    [["a", 0, 0], ["b", 1, 1]],
  );
});
