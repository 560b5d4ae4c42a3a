import { useSession } from "perfmock/vitest";
import { expect, test } from "vitest";
import { products } from "./shop.ts";

const backend = useSession();

test("a usual backend: the products are there", async () => {
  expect(await products(backend.url)).toEqual(["Walnut desk", "Reading lamp"]);
  const { routes, unmatched } = await backend.stats();
  expect(routes.products.arrivals).toBe(1);
  expect(unmatched).toBe(0);
});

test("a slow backend: the client gives up", async () => {
  await backend.call("PATCH", "/routes/products", { scale: 100 });
  expect(await products(backend.url)).toBeNull();
});
