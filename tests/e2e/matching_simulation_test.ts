import { deepEqual, equal } from "node:assert/strict";
import { simulate } from "../support/simulation.ts";

Deno.test("a simulation sends each GraphQL operation to its own route, with its own figures", async () => {
  const graphql = (operation: string, serviceTime: string) => ({
    id: operation,
    method: "POST",
    path: "/graphql",
    when: { graphql: { operation } },
    serviceTime,
  });
  const request = (operationName: string) => ({
    method: "POST",
    path: "/graphql",
    json: { operationName, variables: { id: "{{iteration}}" } },
  });
  const seen: Record<string, number> = {};
  const { scenarios } = await simulate({
    config: { routes: [graphql("Cart", "20ms"), graphql("Search", "80ms")] },
    scenarios: {
      page: {
        executor: "arrival-rate",
        arrivals: "uniform",
        rate: "30/s",
        duration: "1s",
        pick: "in-order",
        requests: [request("Cart"), request("Search"), request("Nothing")],
      },
    },
    observe: (x) => {
      const key = `${x.service}`;
      seen[key] = (seen[key] ?? 0) + 1;
    },
  });
  deepEqual(seen, { 20: 10, 80: 10 });
  const { requests } = scenarios.page;
  deepEqual(
    Object.entries(requests).map((
      [name, { completed, failed, responseTime }],
    ) => [
      name,
      completed,
      failed,
      responseTime.p50 === null ? null : Math.round(responseTime.p50),
    ]),
    [
      ["POST /graphql Cart", 10, 0, 20],
      ["POST /graphql Search", 10, 0, 80],
      ["POST /graphql Nothing", 0, 10, null],
    ],
  );
  equal(scenarios.page.failures["404"], 10);
});
