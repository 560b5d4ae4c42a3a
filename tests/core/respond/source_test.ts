import { deepEqual, equal } from "node:assert/strict";
import { BytesBody } from "../../../core/respond/source.ts";

Deno.test("BytesBody returns copies, so that many bodies can share their bytes", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const [one, other] = [new BytesBody(bytes), new BytesBody(bytes)];
  one.read(2)?.fill(9);
  deepEqual(other.read(2), Uint8Array.of(1, 2));
  deepEqual([one.ended, one.read(2), one.ended], [
    false,
    Uint8Array.of(3),
    true,
  ]);
  equal(one.read(2), null);
  one.close();
});
