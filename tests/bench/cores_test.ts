import { deepEqual, equal } from "node:assert/strict";
import { splitCores } from "./cores.ts";

Deno.test("splitCores() assigns the last processor to the client and all others to the server", () => {
  deepEqual(splitCores("0-1"), { server: "0", client: "1" });
  deepEqual(splitCores("2"), undefined);
  deepEqual(splitCores("0,2-4,7"), { server: "0,2,3,4", client: "7" });
  equal(splitCores(""), undefined);
});
