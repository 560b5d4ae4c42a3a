import { equal } from "node:assert/strict";
import { PAGE, Pages } from "../../../plugins/resource_stress/pages.ts";

const MIB = 2 ** 20;

Deno.test("Pages grow and shrink to any whole number of pages", () => {
  const pages = new Pages();
  for (const size of [PAGE, 3 * PAGE, 65 * MIB, 64 * MIB, 130 * MIB, PAGE, 0]) {
    pages.approach(size, Infinity);
    equal(pages.held, size);
  }
});

Deno.test("Pages go as far as they are told to at a time", () => {
  const pages = new Pages();
  pages.approach(10 * MIB, 4 * MIB);
  equal(pages.held, 4 * MIB);
  pages.approach(10 * MIB, 4 * MIB);
  pages.approach(10 * MIB, 4 * MIB);
  equal(pages.held, 10 * MIB);
  pages.approach(0, 4 * MIB);
  equal(pages.held, 6 * MIB);
  pages.approach(0, Infinity);
  equal(pages.held, 0);
});

Deno.test("Pages round to whole pages, and are then content", () => {
  const pages = new Pages();
  pages.approach(1.4 * PAGE, Infinity);
  equal(pages.held, PAGE);
  pages.approach(1.4 * PAGE, Infinity);
  equal(pages.held, PAGE);
});
