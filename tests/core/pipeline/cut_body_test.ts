import { deepEqual, equal } from "node:assert/strict";
import type { LiveExchange } from "../../../core/pipeline/exchange.ts";
import { prepareFaults } from "../../../core/pipeline/faults.ts";
import { requested, testPlan } from "../../support/plan.ts";

const faults = prepareFaults([{ share: 1, action: "cut-body" }], {
  stream: { uniform: () => 0.5 },
  counter: () => ({ add: () => {} }),
  answer: () => () => {},
});

/** Returns the pieces read from a streamed answer that is cut, followed by its end. */
async function cut(
  pieces: readonly string[],
  headers: Record<string, string>,
): Promise<string[]> {
  let given = 0;
  let left = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (given === pieces.length) return controller.close();
      controller.enqueue(new TextEncoder().encode(pieces[given++]));
    },
    cancel: () => void (left = true),
  }, { highWaterMark: 0 });
  const { x, incoming } = requested({
    ...testPlan(),
    build(x: LiveExchange) {
      x.flowing = true;
      return new Response(body, { headers });
    },
  });
  faults?.decide(x)?.answer?.(x);
  const seen: string[] = [];
  try {
    for await (const part of (await incoming.answer()).body ?? []) {
      seen.push(new TextDecoder().decode(part));
    }
    seen.push("whole");
  } catch (error) {
    seen.push(`${error}`);
  }
  return [...seen, left ? "source left" : "source read"];
}

const BROKEN = "Error: A fault cuts this body";

Deno.test("cut-body cuts a streamed body at half of its announced length", async () => {
  deepEqual(
    await cut(["abc", "def", "ghi"], { "content-length": "9" }),
    ["abc", "d", BROKEN, "source left"],
  );
});

Deno.test("cut-body cuts a body of unknown length in its first piece", async () => {
  deepEqual(await cut(["abcd", "ef"], {}), ["ab", BROKEN, "source left"]);
});

Deno.test("cut-body passes on a body that is shorter than its announced length", async () => {
  deepEqual(
    await cut(["a"], { "content-length": "9" }),
    ["a", "whole", "source read"],
  );
});

Deno.test("cut-body cancels the source if the client leaves before the cut", async () => {
  let left: unknown;
  const { x, incoming } = requested({
    ...testPlan(),
    build(x: LiveExchange) {
      x.flowing = true;
      return new Response(
        new ReadableStream<Uint8Array>({
          cancel: (reason) => void (left = reason),
        }),
        { headers: { "content-length": "9" } },
      );
    },
  });
  faults?.decide(x)?.answer?.(x);
  await (await incoming.answer()).body?.cancel("gone");
  equal(left, "gone");
});

Deno.test("cut-body of a body of one byte sends none of it", async () => {
  deepEqual(
    await cut(["a", "b"], { "content-length": "1" }),
    [BROKEN, "source left"],
  );
});
