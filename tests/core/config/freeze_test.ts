import assert from "node:assert/strict";
import { deepFreeze } from "../../../core/config/mod.ts";

Deno.test("deepFreeze() freezes plain objects and lists all the way down", () => {
  const value = deepFreeze({ a: [{ b: 1 }], c: Object.create(null), d: null });
  assert.ok(Object.isFrozen(value));
  assert.ok(Object.isFrozen(value.a));
  assert.ok(Object.isFrozen(value.a[0]));
  assert.ok(Object.isFrozen(value.c));
  assert.equal(deepFreeze(1), 1);
});

Deno.test("deepFreeze() leaves instances of classes alone, and stops at cycles", () => {
  const date = new Date(0);
  const loop: Record<string, unknown> = { date, run: () => 1 };
  loop.loop = loop;
  deepFreeze(loop);
  assert.ok(Object.isFrozen(loop));
  assert.ok(!Object.isFrozen(date));
});

Deno.test("deepFreeze() evaluates no getters", () => {
  let evaluated = false;
  deepFreeze({
    get lazy() {
      evaluated = true;
      return 1;
    },
  });
  assert.equal(evaluated, false);
});
