import { deepEqual, equal, match } from "node:assert/strict";
import { createPerfmock } from "../../../mod.ts";
import { createTestServer } from "../../../core/testing.ts";
import { Matcher } from "../../../core/pipeline/matcher.ts";
import type { MockRoute } from "../../../core/world/routes.ts";
import {
  examplePath,
  patternIssues,
  proofIssues,
} from "../../../core/world/proof.ts";
import { atOnce } from "../../../core/lib/time/mod.ts";
import type { HookReport, Plan } from "../../../core/pipeline/exchange.ts";
import { testPlan } from "../../support/plan.ts";
import { errorOf, lines } from "../../support/errors.ts";
import { call } from "../../support/http.ts";

Deno.test("examplePath() fills in parameters and wildcards, and knows none for patterns", () => {
  deepEqual(
    ["/", "/a/:b/c", "/files/*", "/a b/ä", "/:a{[0-9]+}", "/a/:b?"].map(
      examplePath,
    ),
    ["/", "/a/x/c", "/files/x", "/a%20b/%C3%A4", undefined, undefined],
  );
});

Deno.test("a route that no request can reach is refused", async () => {
  const error = await errorOf(() =>
    createTestServer({ routes: [{ path: "/ok" }, { path: "/a/../b" }] })
  );
  equal(error.code, "CONFIG_INVALID");
  deepEqual(lines(error), [
    "/routes/1/path: No request reaches this path: clients send /b for it",
  ]);
});

Deno.test("paths of any length are matched, and do not keep other routes from answering", async () => {
  // A path of 3000 characters once passed check, and then every route answered 500.
  for (const length of [500, 513, 2000]) {
    for (
      const path of [`/${"a".repeat(length)}`, "/a".repeat(length / 2)]
    ) {
      await using test = await createTestServer({
        routes: [{ path }, { path: "/other/:id" }],
      });
      equal((await test.request(path)).response.status, 200);
      equal((await test.request("/other/1")).response.status, 200);
    }
  }
});

Deno.test("PUT config refuses what cannot be built, and the configuration in force goes on", async () => {
  await using server = await createPerfmock(
    { routes: [{ path: "/ok" }] },
    { listen: false },
  );
  const response = await call(server, "/_perfmock/config", {
    method: "PUT",
    body: JSON.stringify({ routes: [{ path: "/x/./y" }] }),
  });
  equal(response.status, 400);
  match(await response.text(), /No request reaches this path/);
  equal((await call(server, "/ok")).status, 200);
});

Deno.test("proofIssues() reports a response that cannot be built", () => {
  const route = {
    id: "r",
    methods: ["GET"],
    path: "/r",
    trials(report: HookReport): Plan[] {
      const plan = testPlan();
      const answer = () => report(new TypeError("no body"), plan);
      return [{ ...plan, answer, report }];
    },
  } as unknown as MockRoute;
  deepEqual(atOnce(proofIssues([route], new Matcher([route]), [4])), [{
    path: "/routes/4/response",
    message: 'Cannot build the response of route "r": TypeError: no body',
  }]);
});

Deno.test("patternIssues() names the routes that no router takes, or all together", () => {
  const bad = { methods: ["GET"], path: "/a/:b{[}" };
  const good = { methods: ["GET"], path: "/b" };
  deepEqual(
    patternIssues([good, bad], [0, 3], new Error("x")).map(({ path }) => path),
    ["/routes/3/path"],
  );
  deepEqual(patternIssues([good], [0], new Error("too many")), [{
    path: "/routes",
    message: "Cannot match the paths of these routes together: Error: too many",
  }]);
});
