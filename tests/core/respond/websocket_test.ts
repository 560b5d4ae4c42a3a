import { equal, ok } from "node:assert/strict";
import { matcherOf } from "../../../core/respond/websocket.ts";
import { createStream, streamKey } from "../../../core/lib/random/mod.ts";

/** The same by a regular expression, which may take long. */
function reference(pattern: string): RegExp {
  const escaped = pattern.split("*").map((part) =>
    part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
  );
  return new RegExp(`^${escaped.join("[^]*")}$`);
}

Deno.test("matcherOf() matches as a regular expression would", async () => {
  const stream = createStream(await streamKey(7, "patterns"), "text");
  const letters = ["a", "b", "*", "a", "b", "\n", "."];
  let at = 0;
  const text = (length: number, from: number) =>
    Array.from(
      { length },
      () => letters[Math.floor(stream.uniform(at++) * from)],
    ).join("");
  let matched = 0;
  for (let i = 0; i < 20_000; i++) {
    const pattern = text(Math.floor(stream.uniform(at++) * 6), 7);
    const sent = text(Math.floor(stream.uniform(at++) * 7), 7);
    const wanted = reference(pattern).test(sent);
    equal(
      matcherOf(pattern)(sent),
      wanted,
      JSON.stringify([pattern, sent]),
    );
    if (wanted) matched++;
  }
  ok(matched > 1000, `${matched}`);
});

Deno.test("matcherOf() takes no long for a pattern of many stars", () => {
  const matches = matcherOf(`${"*a".repeat(50)}*b`);
  equal(matches("a".repeat(200_000)), false);
  equal(matches(`${"a".repeat(200_000)}b`), true);
});
