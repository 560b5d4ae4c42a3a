import { deepEqual, ok } from "node:assert/strict";
import { fuzz } from "../fuzz/_run.ts";
import { required } from "./_software.ts";

Deno.test({
  name:
    "RequestHead and ChunkedBody disagree with Node's parser in known ways only",
  ignore: !required,
  fn: async () => {
    const { agreed, accepted, counts, unknown } = await fuzz(20_000, 42);
    deepEqual(unknown, []);
    ok(accepted > 2000, `${accepted} cases with an accepted request`);
    ok(agreed > 15_000, `${agreed} cases without a disagreement`);
    ok([...counts.values()].filter((count) => count > 0).length > 20);
  },
});
