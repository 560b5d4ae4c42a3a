import { deepEqual, equal } from "node:assert/strict";
import { etag, revisionsIn } from "../../../core/control/config_endpoints.ts";

Deno.test("revisionsIn() reads any revision, some or none from If-Match", () => {
  equal(etag(3), '"3"');
  equal(revisionsIn(null), undefined);
  equal(revisionsIn("*"), undefined);
  deepEqual(revisionsIn('"3"'), [3]);
  deepEqual(revisionsIn('"3", "4"'), [3, 4]);
  deepEqual(revisionsIn('W/"3"'), [], "If-Match compares strongly");
  deepEqual(revisionsIn("3"), []);
  deepEqual(revisionsIn('"abc"'), []);
});
