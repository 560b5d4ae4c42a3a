import { deepEqual } from "node:assert/strict";
import { SAMPLE_PAGES, STEP, type Times } from "./pages_for_find/mod.ts";

/** The response times, with one of them changed. */
function changed(times: Times, id: string, by: number): Times {
  return { ...times, [id]: times[id] + by };
}

for (const page of SAMPLE_PAGES) {
  Deno.test(`pages for find: the truths of "${page.name}" follow from its graph`, () => {
    const { times, model } = page;
    const base = model(times);
    deepEqual(
      page.truth,
      Object.fromEntries(
        Object.keys(page.truth).map((id) => [id, {
          slope: (model(changed(times, id, STEP)) - base) / STEP,
          saved: (base - model(changed(times, id, -STEP))) / STEP,
        }]),
      ),
    );
    const { cpu, interactions = {} } = page;
    deepEqual(
      interactions,
      Object.fromEntries(
        Object.keys(interactions).map((id) => {
          const both = changed(times, id, STEP);
          return [
            id,
            model(both, cpu) - model(times, cpu) - model(both) + base,
          ];
        }),
      ),
    );
    const ids = page.routes.map(({ id }) => id ?? "").sort();
    deepEqual(Object.keys(page.truth).sort(), ids);
    deepEqual(Object.keys(times).sort(), ids);
    deepEqual(
      page.routes.map(({ id, serviceTime }) => [id, serviceTime]),
      page.routes.map(({ id }) => [id, times[id ?? ""]]),
    );
  });
}
