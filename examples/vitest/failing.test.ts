import { useSession } from "perfmock/vitest";
import { expect, test } from "vitest";
import { products } from "./shop.ts";

// Other files do not notice that the backend fails in this one.
const backend = useSession({
  routes: { products: { faults: [{ share: 1, status: 503 }] } },
});

test("a failing backend: the client says so", async () => {
  await expect(products(backend.url)).rejects.toThrow("answered 503");
  expect((await backend.stats()).routes.products.faults).toEqual({ 503: 1 });
});
