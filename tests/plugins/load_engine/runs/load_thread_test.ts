// Runs alone, without the profiler: counts descriptors.
import { BUILTIN } from "../../../../core/builtin.ts";
import { deepEqual, equal, match } from "node:assert/strict";
import { until } from "../../../support/wait.ts";
import { nextTurn } from "../../../../core/lib/turn.ts";
import {
  type FromThread,
  type ThreadOrder,
  ThreadSession,
} from "../../../../plugins/load_engine/runs/load_thread.ts";
import { at, serve } from "../http/_orders.ts";

/** Makes a session on this thread, and records its messages. */
function session() {
  const said: FromThread[] = [];
  const waiting = new Map<string, () => void>();
  const made = new ThreadSession((message) => {
    said.push(message);
    waiting.get(message.kind)?.();
  });
  return {
    session: made,
    said,
    kinds: () => [...new Set(said.map(({ kind }) => kind))],
    heard: (kind: FromThread["kind"]) =>
      new Promise<void>((resolve) => waiting.set(kind, resolve)),
  };
}

function order(port: number, script: unknown): ThreadOrder {
  return {
    input: { json: "{}", folder: "file:///", builtin: BUILTIN.module },
    script,
    folder: "/",
    seed: 42,
    connections: Infinity,
    destination: at(port),
  };
}

const USERS = {
  executor: "shared-iterations",
  users: 2,
  iterations: 10,
  requests: [{ path: "/a" }],
};

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

Deno.test("ThreadSession that is closed while it prepares leaves no descriptor", async () => {
  await using server = serve(() => new Response("ok"));
  const script = { name: "demo", scenarios: { users: USERS } };
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const before = descriptors();
  for (let turns = 0; turns < 12; turns++) {
    const { session: made, kinds } = session();
    const preparing = made.receive({
      kind: "prepare",
      order: order(server.port, script),
    });
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    await made.receive({ kind: "close" });
    await preparing;
    equal(kinds().includes("closed"), true);
    equal(kinds().includes("failed"), false);
  }
  // The server's ends of connections close a little later.
  await until(() => descriptors() === before);
});
