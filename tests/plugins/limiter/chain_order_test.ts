import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { ChainOrder } from "../../../plugins/limiter/chain_order.ts";

Deno.test("ChainOrder takes routes that agree, and names the route that does not", () => {
  const order = new ChainOrder();
  equal(order.add("a", ["web", "db"]), undefined);
  equal(order.add("b", ["web", "cache", "db"]), undefined);
  equal(order.add("c", ["db"]), undefined);
  deepEqual(order.add("d", ["db", "web"]), {
    first: "db",
    second: "web",
    routes: ["a"],
  });
  equal(order.add("e", ["cache", "db", "disk"]), undefined);
});

Deno.test("ChainOrder finds an order that goes round over several routes", () => {
  const order = new ChainOrder();
  order.add("a", ["1", "2"]);
  order.add("b", ["2", "3"]);
  order.add("c", ["2", "4"]);
  order.add("d", ["4", "3"]);
  deepEqual(order.add("e", ["3", "1"])?.routes, ["a", "b"]);
  equal(order.add("f", ["1", "4", "3"]), undefined);
});

Deno.test("a chain that is refused leaves nothing behind", () => {
  const order = new ChainOrder();
  order.add("a", ["1", "2"]);
  order.add("b", ["3", "2", "1"]);
  equal(order.add("c", ["2", "3"]), undefined);
});

Deno.test("chains are taken if and only if one order of pools fits them all", () => {
  const chain = fc.uniqueArray(fc.integer({ min: 0, max: 4 }).map(String), {
    minLength: 1,
    maxLength: 4,
  });
  fc.assert(
    fc.property(fc.array(chain, { maxLength: 6 }), (chains) => {
      const order = new ChainOrder();
      const taken: string[][] = [];
      for (const [index, pools] of chains.entries()) {
        const fits = sortable([...taken, pools]);
        equal(order.add(`${index}`, pools) === undefined, fits);
        if (fits) taken.push(pools);
      }
    }),
    { seed: 11, numRuns: 300 },
  );
});

/** Whether pools can be put in one order that fits all chains: by taking away, again and again, one that nothing precedes. */
function sortable(chains: readonly (readonly string[])[]): boolean {
  let left = chains.map((chain) => [...chain]);
  while (left.some((chain) => chain.length > 0)) {
    const first = left.flatMap((chain) => chain.slice(0, 1)).find((pool) =>
      left.every((chain) => chain.indexOf(pool) <= 0)
    );
    if (first === undefined) return false;
    left = left.map((chain) => chain.filter((pool) => pool !== first));
  }
  return true;
}
