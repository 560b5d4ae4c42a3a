import { expect, test } from "perfmock/playwright";

test("shows the products", async ({ page, perfmock }) => {
  await page.goto("/");
  await expect(page.getByRole("listitem")).toHaveCount(2);
  const { routes, unmatched } = await perfmock.stats();
  expect(routes.products.arrivals).toBe(1);
  expect(unmatched).toBe(0);
});

test("says that it takes longer, while the backend is slow", async ({ page, perfmock }) => {
  await perfmock.call("PATCH", "/routes/products", { serviceTime: "2s" });
  await page.goto("/");
  await expect(page.getByRole("status")).toHaveText(
    "This takes longer than usual",
  );
  await expect(page.getByRole("status")).toHaveText("Ready");
});

test("says that the shop is closed, while the backend fails", async ({ page, perfmock }) => {
  await perfmock.call("PATCH", "/routes/products", {
    faults: [{ share: 1, status: 503 }],
  });
  await page.goto("/");
  await expect(page.getByRole("status")).toHaveText("The shop is closed");
});

// The same request has the same response time, whichever worker sends it.
for (const run of [1, 2, 3, 4]) {
  test(`has the same response time in run ${run}`, async ({ request, perfmock }) => {
    await request.get("/api/products");
    const [{ drawnMs, sequence }] = await perfmock.requests({
      route: "products",
    });
    expect(sequence).toBe(0);
    expect(drawnMs).toBeCloseTo(20.544, 3);
  });
}
