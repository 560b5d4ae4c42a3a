import { deepEqual, equal, ok } from "node:assert/strict";
import { createPerfmock } from "../../mod.ts";
import { ENGINES } from "../support/each_engine.ts";
import { clientFile, resultsIn } from "./_clients.ts";
import { npmInstall, temporaryFolder } from "./_packages.ts";
import { required, run } from "./_software.ts";

/** Service time of each operation, in ms. */
const TIMES = {
  GetCart: 30,
  GetUser: 5,
  Search: 80,
  AddItem: 50,
  Recommend: 10,
};

const DATA = {
  GetCart: { cart: { id: "7", total: 349, __typename: "Cart" } },
  GetUser: { user: { id: "1", name: "Ada", __typename: "User" } },
  Search: { search: [{ id: "a", __typename: "Item" }] },
  AddItem: { addItem: { id: "7", total: 350, __typename: "Cart" } },
  Recommend: { recommend: [] },
};

function routes() {
  return Object.entries(TIMES).map(([operation, time]) => ({
    id: operation,
    method: ["GET", "POST"],
    path: "/graphql",
    when: { graphql: { operation } },
    serviceTime: time,
    response: { json: { data: DATA[operation as keyof typeof DATA] } },
    ...operation === "Recommend" &&
      {
        faults: [{
          share: 1,
          status: 503,
          json: { errors: [{ message: "no recommendations" }] },
        }],
      },
  }));
}

for (const engine of ENGINES) {
  Deno.test({
    name:
      `${engine}: Apollo Client gets five operations with different profiles, one by one, in a batch and persisted`,
    ignore: !required,
    fn: async () => {
      await using folder = await temporaryFolder();
      await npmInstall(
        folder.path,
        "@apollo/client@4.3.8",
        "graphql@16.12.0",
        "rxjs@7.8.2",
      );
      await using server = await createPerfmock({
        server: { engine },
        routes: routes(),
      });
      const { code, output } = await run("node", [
        clientFile("apollo_client.mjs"),
        server.url.href,
        `${folder.path}/`,
      ], "");
      equal(code, 0, output);
      const results = resultsIn(output);
      for (
        const [kind, requests] of [["single", "5"], ["batch", "1"], [
          "persisted",
          "5",
        ]]
      ) {
        equal(results[`${kind}_requests`], requests, output);
        for (const [operation, time] of Object.entries(TIMES)) {
          const took = Number(results[`${kind}_${operation}_took`]);
          // A batch leaves when the slowest of its operations is due.
          const least = kind === "batch"
            ? Math.max(...Object.values(TIMES))
            : time;
          ok(took >= least, `${kind} ${operation}: ${took} ms of ${least}`);
          if (operation === "Recommend") continue;
          deepEqual(
            JSON.parse(results[`${kind}_${operation}`]),
            DATA[operation as keyof typeof DATA],
            output,
          );
        }
        ok(
          results[`${kind}_Recommend`].includes(
            kind === "batch" ? "no recommendations" : "503",
          ),
          output,
        );
      }
      const { routes: figures, unmatched } = server.stats();
      equal(unmatched, 0);
      deepEqual(
        Object.entries(figures).map((
          [id, { arrivals, target }],
        ) => [id, arrivals, target.p50]),
        Object.entries(TIMES).map((
          [id, time],
        ) => [id, id === "GetUser" ? 4 : 3, id === "Recommend" ? time : time]),
      );
      deepEqual(
        new Set(
          server.requests({ limit: 100 }).map(({ method, route }) =>
            `${method} ${route}`
          ),
        ).size,
        // Mutations are not sent over GET.
        2 * 5 - 1,
      );
    },
  });
}
