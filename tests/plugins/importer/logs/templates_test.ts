import { deepEqual, equal } from "node:assert/strict";
import {
  isId,
  PathTree,
  templateByForm,
} from "../../../../plugins/importer/logs/templates.ts";

Deno.test("Segments that are ids by their form", () => {
  for (
    const id of [
      "1",
      "-7",
      "3.5",
      "c9bf9e57-1685-4c89-bafb-ff5af830be8a",
      "507f1f77bcf86cd799439011",
      "deadbeef1",
      "a1B2c3D4e5F6g7H8",
      "ann@shop.test",
      "ann%40shop.test",
      "2026-03-01",
    ]
  ) equal(isId(id), true, id);
  for (
    const word of [
      "orders",
      "v1",
      "api",
      "wp-login.php",
      "facade",
      "checkout-summary-page",
      "",
    ]
  ) {
    equal(isId(word), false, word);
  }
});

Deno.test("Ids become parameters that are named after the segment before", () => {
  for (
    const [path, template] of [
      ["/", "/"],
      ["/orders/17", "/orders/:orderId"],
      ["/orders/17/items/3/", "/orders/:orderId/items/:itemId/"],
      ["/1/2", "/:id/:id2"],
      ["/categories/9", "/categories/:categoryId"],
      ["/orders/1/orders/2", "/orders/:orderId/orders/:orderId2"],
      ["/v1/address/5", "/v1/address/:addressId"],
    ]
  ) equal(templateByForm(path), template);
});

Deno.test("Many rare segments at one place are values of a parameter, frequent ones are not", () => {
  const tree = new PathTree();
  for (let i = 0; i < 100; i++) {
    tree.add(
      `/users/${"abcdefghij"[i % 10]}${
        "klmnopqrst"[Math.floor(i / 10)]
      }x/posts`,
    );
  }
  for (let i = 0; i < 100; i++) {
    tree.add("/users/me/posts");
    tree.add("/carts");
  }
  tree.settle();
  deepEqual(
    ["/users/akx/posts", "/users/me/posts", "/carts", "/users/7/posts"].map((
      path,
    ) => tree.templateOf(path)),
    [
      "/users/:userId/posts",
      "/users/me/posts",
      "/carts",
      "/users/:userId/posts",
    ],
  );
});
