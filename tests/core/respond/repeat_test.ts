import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import type { RepeatSettings } from "../../../core/config/mod.ts";
import { listBody, WHOLE, WHOLE_LENGTH } from "../../../core/respond/repeat.ts";
import type { Body } from "../../../core/respond/source.ts";
import { requested, testPlan } from "../../support/plan.ts";

const ROUTE = { path: "/r/:id", stream: () => ({ uniform: () => 0.5 }) };

const ITEM = { n: "{{index}}", of: "{{count}}", label: "no. {{index}}" };

async function textOf(
  settings: RepeatSettings,
  url: string,
  limit: number,
): Promise<string> {
  const { x } = requested(testPlan(), new Request(`http://localhost${url}`));
  const { body } = listBody(settings, ROUTE, false).source.content(x);
  if (typeof body === "string") return body;
  let text = "";
  for (;;) {
    const piece = await (body as Body).read(limit);
    if (piece === null) return text;
    text += new TextDecoder().decode(piece);
  }
}

function expected(count: number, within: (items: unknown) => unknown): string {
  return JSON.stringify(within(
    Array.from({ length: count }, (_, n) => ({
      n,
      of: count,
      label: `no. ${n}`,
    })),
  ));
}

Deno.test("a list has the items of its template, whole or in pieces of any size", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2 * WHOLE }),
      fc.integer({ min: 50, max: 100_000 }),
      fc.boolean(),
      async (count, limit, around) => {
        const within = around
          ? { a: [1], items: "{{items}}", total: "{{count}}" }
          : "{{items}}";
        const settings = { count, max: count, item: ITEM, within };
        equal(
          await textOf(settings, "/r/1", limit),
          expected(
            count,
            (items) => around ? { a: [1], items, total: count } : items,
          ),
        );
      },
    ),
    { numRuns: 40, seed: 1 },
  );
});

Deno.test("a list without values of the request is written once", () => {
  const settings = { count: 2, max: 2, item: ITEM, within: "{{items}}" };
  equal(listBody(settings, ROUTE, false).text, expected(2, (items) => items));
  for (
    const other of [
      { ...settings, item: "{{path.id}}" },
      { ...settings, within: ["{{items}}", "{{uuid}}"] },
      { ...settings, query: "n" },
      { ...settings, count: WHOLE + 1 },
    ]
  ) equal(listBody(other, ROUTE, false).text, undefined);
});

Deno.test("a query parameter gives the number of items, up to the maximum", async () => {
  const settings = {
    count: 2,
    query: "limit",
    max: 5,
    item: "{{path.id}}{{index}}",
    within: "{{items}}",
  };
  for (
    const [query, count] of Object.entries({
      "": 2,
      "?limit=3": 3,
      "?limit=0": 0,
      "?limit=6": 5,
      "?limit=-1": 2,
      "?limit=1.5": 2,
      "?limit=": 2,
      "?limit=99999999999999999999": 2,
    })
  ) {
    deepEqual(
      JSON.parse(await textOf(settings, `/r/a${query}`, 100)),
      Array.from({ length: count }, (_, n) => `a${n}`),
      query,
    );
  }
});

Deno.test("a list whose values are long is never whole in memory, and the same in pieces", async () => {
  const q = "x".repeat(WHOLE_LENGTH / 100);
  const settings = {
    count: 200,
    max: 200,
    item: { q: "{{query.q}}", id: "{{uuid}}" },
    within: { items: "{{items}}", id: "{{uuid}}" },
  };
  const url = `/r/1?q=${q}`;
  const { x } = requested(testPlan(), new Request(`http://localhost${url}`));
  const { body } = listBody(settings, ROUTE, false).source.content(x);
  equal(typeof body, "object");
  const text = await textOf(settings, url, 64 * 1024);
  const { items, id } = JSON.parse(text);
  equal(items.length, 200);
  equal(items.every((item: { q: string }) => item.q === q), true);
  equal(
    new Set([id, ...items.map((item: { id: string }) => item.id)]).size,
    201,
  );
  equal(
    listBody({ ...settings, item: q, within: ["{{items}}"] }, ROUTE, false)
      .text,
    undefined,
  );
});
