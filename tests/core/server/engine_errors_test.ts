import { deepEqual, equal } from "node:assert/strict";
import { start } from "../../support/listening.ts";

/** Answers that no edge gives, each of which an engine must survive and report. */
const BROKEN: Readonly<Record<string, () => Response | Promise<Response>>> = {
  "a handler that throws"() {
    throw new Error("broken");
  },
  "a handler that rejects": () => Promise.reject(new Error("broken")),
};

for (const engine of ["deno", "node"] as const) {
  for (const [what, handler] of Object.entries(BROKEN)) {
    Deno.test(`${engine}: ${what} is answered with 500, and its error is reported`, async () => {
      const reported: unknown[] = [];
      const listener = await start({ engine }, {
        handler,
        failed: (name, error) => reported.push([name, `${error}`]),
      });
      const response = await fetch(listener.url);
      await response.body?.cancel();
      equal(response.status, 500);
      deepEqual(reported, [[engine, "Error: broken"]]);
      await listener.close(1000);
    });
  }
}
