import { deepEqual, equal, match, ok } from "node:assert/strict";
import { CARRIERS } from "../http/_carriers.ts";
import { serve } from "../http/_orders.ts";
import { order, session, USERS } from "./_sessions.ts";

Deno.test("ThreadSession reads a script, runs it and reports the result", async () => {
  await using server = serve(() => new Response("ok"));
  const { session: made, said, kinds, heard } = session();
  await made.receive({ kind: "summarize" });
  const script = { name: "demo", scenarios: { users: USERS } };
  await made.receive({ kind: "prepare", order: order(server.port, script) });
  deepEqual(kinds(), ["ready"]);
  const ended = heard("ended");
  await made.receive({ kind: "start" });
  await ended;
  await made.receive({ kind: "summarize" });
  await made.receive({ kind: "close" });
  deepEqual(kinds(), ["ready", "tick", "ended", "summary", "closed"]);
  for (const message of said) {
    if (message.kind !== "ended") continue;
    const { users } = message.result.summary.scenarios;
    equal(users.started, 10);
    equal(users.completed, 10);
  }
});

Deno.test("ThreadSession opens the connections of an open scenario before it reports ready", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { session: made, kinds } = session();
  const { port } = listener.addr;
  const script = {
    scenarios: {
      open: {
        executor: "arrival-rate",
        rate: "100/s",
        duration: "1s",
        requests: [{ path: "/a" }],
      },
    },
  };
  await made.receive({ kind: "prepare", order: order(port, script) });
  deepEqual(kinds(), ["ready"]);
  // Two arrivals fall due within 20 ms.
  const connections = [await listener.accept(), await listener.accept()];
  for (const connection of connections) connection.close();
  await made.receive({ kind: "close" });
});

Deno.test("ThreadSession rehearses before it reports ready, and sends nothing to the target before the start", async () => {
  const requests: string[] = [];
  await using server = serve(({ url }) => {
    requests.push(url);
    return new Response("ok");
  });
  const { session: made, said, practised, heard } = session();
  const script = {
    scenarios: {
      open: {
        executor: "arrival-rate",
        arrivals: "uniform",
        rate: "100/s",
        duration: "100ms",
        requests: [{ path: "/a" }],
      },
    },
  };
  await made.receive({ kind: "prepare", order: order(server.port, script) });
  equal(practised.length > 0, CARRIERS.includes("loop"));
  deepEqual(requests, []);
  const ended = heard("ended");
  await made.receive({ kind: "start" });
  await ended;
  equal(requests.length, 10);
  const last = said.at(-1);
  if (last?.kind !== "ended") throw new Error("It has not ended");
  equal(last.result.summary.scenarios.open.started, 10);
  await made.receive({ kind: "close" });
});

Deno.test("ThreadSession ends during its rehearsal", async () => {
  await using server = serve(() => new Response("ok"));
  const { session: made, kinds } = session();
  const script = { scenarios: { users: USERS } };
  const prepared = made.receive({
    kind: "prepare",
    order: order(server.port, script),
  });
  await made.receive({ kind: "close" });
  await prepared;
  deepEqual(kinds(), ["closed"]);
});

Deno.test("ThreadSession stops and cuts a run", async () => {
  const arrived = Promise.withResolvers<void>();
  await using server = serve(({ signal }) => {
    arrived.resolve();
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve(new Response()));
    });
  });
  const { session: made, said, heard } = session();
  const script = { scenarios: { users: { ...USERS, users: 1 } } };
  await made.receive({ kind: "prepare", order: order(server.port, script) });
  const ended = heard("ended");
  await made.receive({ kind: "start" });
  await arrived.promise;
  await made.receive({ kind: "stop", why: "enough" });
  await made.receive({ kind: "cut", why: "now" });
  await ended;
  const last = said.at(-1);
  if (last?.kind !== "ended") throw new Error("It has not ended");
  const { aborted, scenarios } = last.result.summary;
  equal(aborted, "enough");
  deepEqual(scenarios.users.failures, {});
  equal(scenarios.users.cut, 1);
  await made.receive({ kind: "close" });
});

Deno.test("ThreadSession reports a script that cannot be read, with all issues", async () => {
  const { session: made, said } = session();
  const script = { scenarios: { a: { executor: "user" }, b: {} } };
  await made.receive({ kind: "prepare", order: order(1, script) });
  const [message] = said;
  if (message.kind !== "failed") throw new Error("It has not failed");
  match(
    message.reason,
    /2 errors; \/scenarios\/a\/executor .*; \/scenarios\/b/,
  );
  await made.receive({ kind: "close" });
});

Deno.test("ThreadSession reports the complete figures of its share, so far and at its end, from an agreed start that has passed", async () => {
  await using server = serve(() => new Response("ok"));
  const { session: made, said, heard } = session();
  // There is no run yet whose figures it could report.
  await made.receive({ kind: "share" });
  await made.receive({ kind: "start" });
  await made.receive({ kind: "stop", why: "early" });
  equal(said.length, 0);
  await made.receive({
    kind: "prepare",
    order: {
      ...order(server.port, { name: "demo", scenarios: { users: USERS } }),
      segment: { index: 1, count: 2 },
      complete: true,
    },
  });
  await made.receive({ kind: "share" });
  const ended = heard("ended");
  await made.receive({ kind: "start", in: -2000 });
  await ended;
  await made.receive({ kind: "share" });
  await made.receive({ kind: "close" });
  const shares = said.flatMap((message) =>
    message.kind === "share" ? [message.share] : []
  );
  deepEqual(
    shares.map(({ segment, scenarios }) => [
      segment,
      Object.values(scenarios[0].parts).reduce(
        (sum, { started }) => sum + started,
        0,
      ),
    ]),
    [0, 5].map((started) => [{ index: 1, count: 2 }, started]),
  );
  ok(shares[1].late >= 2000);
  for (const message of said) {
    if (message.kind !== "ended") continue;
    const { share } = message.result;
    deepEqual(Object(share).scenarios, shares[1].scenarios);
  }
});

Deno.test("ThreadSession reports any failure in words", () => {
  const { session: made, said } = session();
  made.fail(new Error("out of luck"));
  made.fail("a text");
  deepEqual(said, [
    { kind: "failed", reason: "out of luck" },
    { kind: "failed", reason: "a text" },
  ]);
});
